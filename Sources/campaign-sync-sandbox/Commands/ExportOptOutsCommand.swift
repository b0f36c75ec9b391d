import ArgumentParser
import Core
import SandboxServer

struct ExportOptOutsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-opt-outs",
    abstract: "Write the daily opt-out export to the SFTP storage, as Campaign's workflow does.",
    discussion: """
      The profiles of which an opt-out changed since the export before, or at its very moment:
      d365_loads/exports/optout_*.csv, with the sandbox's time in the name. The first export has all
      that ever changed. `mutate --opt-outs N --opt-outs-in campaign` changes some.

      Columns: externalId; the eight opt-outs, each with the time at which it changed last
        (denyListEmail, denyListEmail_modified, ...), empty where it never did; lastModified.
        Profiles without an externalId are there too.

      Examples:
        export-opt-outs
        export-opt-outs --all --numbers --whole-seconds --quote double --separator ,
        export-opt-outs --unknown-times 3 --broken-times 2 --empty-values 1
        export-opt-outs --late, later export-opt-outs, then
        export-opt-outs --publish                   the older file comes after the newer one
        export-opt-outs --half, then export-opt-outs --finish
      """)

  enum Quote: String, ExpressibleByArgument, CaseIterable { case none, double }
  enum Dates: String, ExpressibleByArgument, CaseIterable { case space, iso, slashes }
  enum Names: String, ExpressibleByArgument, CaseIterable { case deny, black, api }

  @OptionGroup var options: SandboxOptions

  @Flag(name: .long, help: "Every profile, not only those that changed.")
  var all = false

  @Option(
    name: .long,
    help: "What the opt-outs are called: deny: denyList*, black: blackList*, api: as the API does.")
  var names = Names.deny

  @Option(name: .long, help: "Header of an opt-out's time; {campaign} stands for its name.")
  var modified = "{campaign}_modified"

  @Flag(name: .long, help: "1 and 0 in place of true and false.")
  var numbers = false

  @Option(name: .long, help: "Rows whose times are empty.")
  var unknownTimes = 0

  @Option(name: .long, help: "Rows whose times cannot be read.")
  var brokenTimes = 0

  @Option(name: .long, help: "Rows whose opt-outs are empty.")
  var emptyValues = 0

  @Flag(name: .long, help: "Times without milliseconds.")
  var wholeSeconds = false

  @Option(name: .long, help: "Column separator: `;`, `,`, `|` or tab.")
  var separator = ";"

  @Option(name: .long, help: "String delimiter: none, as Campaign has it, or double.")
  var quote = Quote.none

  @Flag(name: .long, help: "Lines end in CR LF.")
  var crlf = false

  @Flag(name: .long, help: "The file begins with a byte order mark.")
  var bom = false

  @Flag(name: .long, help: "The file is packed: .csv.gz.")
  var gzip = false

  @Option(
    name: .long,
    help: "space: 2026-02-03 08:40:12.000Z, iso: with a T, slashes: 2026/02/03 08:40:12.")
  var dates = Dates.space

  @Option(name: .long, help: "Zone of the times: Europe/Paris. But for UTC they do not say it.")
  var timeZone = "UTC"

  @Option(name: .long, help: "The folder below d365_loads.")
  var folder = "exports"

  @Option(name: .long, help: "How old the file looks: 90s, 10m, 2h, 13d.")
  var age: String?

  @Flag(name: .long, help: "Build the file as of now, and hold it back.")
  var late = false

  @Flag(name: .long, help: "Publish what --late held back, and export nothing.")
  var publish = false

  @Flag(name: .long, help: "Upload the first half of the file only.")
  var half = false

  @Flag(name: .long, help: "Upload the rest of what --half left, and export nothing.")
  var finish = false

  @Flag(name: .long, help: "Write a file without a byte: an export that found nothing.")
  var empty = false

  @Option(name: .long, help: "Which rows are spoiled.")
  var seed = 1

  func validate() throws {
    guard [unknownTimes, brokenTimes, emptyValues, seed].allSatisfy({ $0 >= 0 }) else {
      throw ValidationError("numbers begin at 0.")
    }
    guard [late, publish, half, finish, empty].filter(\.self).count <= 1 else {
      throw ValidationError("choose one of --late, --publish, --half, --finish and --empty.")
    }
    guard modified.contains("{campaign}") else {
      throw ValidationError("--modified must hold {campaign}: each opt-out has its own time.")
    }
    guard seconds != nil else {
      throw ValidationError("'\(age ?? "")' is not a time: write 90s, 10m, 2h or 13d.")
    }
  }

  private var seconds: Int? { age.map(Duration.seconds(written:)) ?? 0 }

  private var fault: String {
    if late { return "late" }
    if publish { return "publish" }
    return half ? "half" : finish ? "finish" : empty ? "empty" : "none"
  }

  private var body: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    return [
      "all": .bool(all), "names": .string(names.rawValue), "modified": .string(modified),
      "numbers": .bool(numbers), "unknownTimes": number(unknownTimes),
      "brokenTimes": number(brokenTimes), "emptyValues": number(emptyValues),
      "wholeSeconds": .bool(wholeSeconds), "separator": .string(separator),
      "quote": .string(quote.rawValue), "crlf": .bool(crlf), "bom": .bool(bom),
      "gzip": .bool(gzip), "dates": .string(dates.rawValue), "timeZone": .string(timeZone),
      "folder": .string(folder), "age": number(seconds ?? 0), "fault": .string(fault),
      "seed": number(seed),
    ]
  }

  func run() throws {
    let report = try ControlClient(UserPath.absolute(options.directory))
      .post("/export-opt-outs", body)
    if options.json { return Console.show(report) }
    for file in report["files"]?.items ?? [] {
      func count(_ name: String) -> Int { file[name]?.integer ?? 0 }
      let kinds = [
        ("unknownTimes", "without times"), ("brokenTimes", "with broken times"),
        ("emptyValues", "without values"),
      ]
      var notes = kinds.filter { count($0.0) > 0 }.map { "\(count($0.0)) \($0.1)" }
      if file["whole"]?.flag == false {
        notes.append("half-uploaded")
      } else if file["published"]?.flag == false {
        notes.append("held back")
      }
      let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
      print("\(file["name"]?.text ?? ""): \(Console.grouped(count("rows"))) rows\(note)")
    }
  }
}
