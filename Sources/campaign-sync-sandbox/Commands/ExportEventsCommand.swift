import ArgumentParser
import Core
import SandboxServer

struct ExportEventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export-events",
    abstract: "Write sending and tracking logs to the SFTP storage, as Campaign's workflows do.",
    discussion: """
      Each call lets messages be sent, opened, clicked and bounced since the call before, and writes
      what two incremental queries and Extract file would: d365_loads/exports/sending_*.csv and
      tracking_*.csv, with the sandbox's time in their names. Rows at the very moment of an export
      come again in the next one; sending-log rows change from pending to sent to bounced, soft
      bounces become hard; SMS, push, test profiles and recipients that Dynamics does not have are
      among them. The same calls on the same world write the same rows, but for their times.

      Columns of sending_*.csv: logId, externalId, address, messageType (0 e-mail, 1 SMS, 40 push),
        status (0 ignored, 1 sent, 2 failed, 6 pending), failureType (1 soft, 2 hard),
        failureReason, eventDate, lastModified, deliveryId, deliveryLabel, campaignId, mirrorPage,
        testProfile
      Columns of tracking_*.csv: trackId, logId, externalId, messageType, urlType (1, 10, 11 click,
        2 open, 3 opt-out, 5 transaction, 6 mirror page), url, logDate, deliveryId, deliveryLabel,
        campaignId, mirrorPage, testProfile

      Examples:
        export-events                               two files, some 100 rows each
        export-events --events 1000000 --files 10 --repeats 15
        export-events --quote double --separator , --crlf --bom --gzip
        export-events --half, then export-events --finish
        export-events --replace --events 20         the last files again, with 20 rows more
        mutate --deletes 1, then
        export-events --plain --only tracking --types 1 --events 1000 --too-long 1 \
      --broken-dates 1 --deleted-contacts 1
      """)

  enum Log: String, ExpressibleByArgument, CaseIterable { case sending, tracking }
  enum Quote: String, ExpressibleByArgument, CaseIterable { case none, double }
  enum Dates: String, ExpressibleByArgument, CaseIterable { case space, iso, slashes }

  @OptionGroup var options: SandboxOptions

  @Option(name: .long, help: "How many new rows, in both logs together.")
  var events = 200

  @Option(name: .long, help: "How many new deliveries; of three, one is SMS and one push.")
  var deliveries = 3

  @Option(name: .long, help: "How many exports in a row: so many files of each log.")
  var files = 1

  @Option(name: .long, help: "Of 100 new rows, how many come again in the next export.")
  var repeats = 5

  @Option(name: .long, help: "Only this log: sending or tracking.")
  var only: Log?

  @Flag(name: .long, help: "Only sent e-mails to known contacts; nothing changes or comes again.")
  var plain = false

  @Option(name: .long, help: "Types of the tracking rows, in turn: 1,2. Without: a mixture.")
  var types: String?

  @Option(name: .long, help: "Rows of each log whose mirror page and URL are too long.")
  var tooLong = 0

  @Option(name: .long, help: "Rows of each log whose date cannot be read.")
  var brokenDates = 0

  @Option(name: .long, help: "Rows of each log of contacts that `mutate --deletes` deleted.")
  var deletedContacts = 0

  @Option(name: .long, help: "Column separator: `;`, `,`, `|` or tab.")
  var separator = ";"

  @Option(name: .long, help: "String delimiter: none, as Campaign has it, or double.")
  var quote = Quote.none

  @Flag(name: .long, help: "Lines end in CR LF.")
  var crlf = false

  @Flag(name: .long, help: "The files begin with a byte order mark.")
  var bom = false

  @Flag(name: .long, help: "The files are packed: .csv.gz.")
  var gzip = false

  @Option(
    name: .long,
    help: "space: 2026-02-03 08:40:12.000Z, iso: with a T, slashes: 2026/02/03 08:40:12.")
  var dates = Dates.space

  @Option(name: .long, help: "Zone of the times: Europe/Paris. But for UTC they do not say it.")
  var timeZone = "UTC"

  @Option(name: .long, help: "The folder below d365_loads.")
  var folder = "exports"

  @Option(name: .long, help: "How old the files look: 90s, 10m, 2h, 13d.")
  var age: String?

  @Flag(name: .long, help: "Upload the first half of each file only.")
  var half = false

  @Flag(name: .long, help: "Upload the rest of what --half left.")
  var finish = false

  @Flag(name: .long, help: "Write the last file of each log again under its name, with more rows.")
  var replace = false

  @Flag(name: .long, help: "Write files without a byte: an export that found nothing.")
  var empty = false

  @Option(name: .long, help: "Which events.")
  var seed = 1

  func validate() throws {
    let counts = [events, deliveries, repeats, tooLong, brokenDates, deletedContacts, seed]
    guard counts.allSatisfy({ $0 >= 0 }), files >= 1 else {
      throw ValidationError("numbers begin at 0, --files at 1.")
    }
    guard repeats <= 100 else { throw ValidationError("--repeats is a percentage.") }
    guard [half, finish, replace, empty].filter(\.self).count <= 1 else {
      throw ValidationError("choose one of --half, --finish, --replace and --empty.")
    }
    guard files == 1 || !replace && !finish else {
      throw ValidationError("--files goes with new exports.")
    }
    guard seconds != nil else {
      throw ValidationError("'\(age ?? "")' is not a time: write 90s, 10m, 2h or 13d.")
    }
    guard numbers != nil else {
      throw ValidationError("'\(types ?? "")' are no types: write the like of 1,2,10.")
    }
  }

  private var seconds: Int? { age.map(Duration.seconds(written:)) ?? 0 }

  private var numbers: [Int]? {
    let texts = (types ?? "").split(separator: ",")
    let numbers = texts.compactMap { Int($0) }
    return numbers.count == texts.count ? numbers : nil
  }

  private var fault: String {
    half ? "half" : finish ? "finish" : replace ? "replace" : empty ? "empty" : "none"
  }

  private var body: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    var members: [JSONValue.Member] = [
      .init("events", number(events)), .init("deliveries", number(deliveries)),
      .init("files", number(files)), .init("repeats", number(repeats)),
      .init("plain", .bool(plain)), .init("types", .array((numbers ?? []).map(number))),
      .init("tooLong", number(tooLong)), .init("brokenDates", number(brokenDates)),
      .init("deletedContacts", number(deletedContacts)), .init("separator", .string(separator)),
      .init("quote", .string(quote.rawValue)), .init("crlf", .bool(crlf)), .init("bom", .bool(bom)),
      .init("gzip", .bool(gzip)), .init("dates", .string(dates.rawValue)),
      .init("timeZone", .string(timeZone)), .init("folder", .string(folder)),
      .init("age", number(seconds ?? 0)), .init("fault", .string(fault)),
      .init("seed", number(seed)),
    ]
    if let only { members.append(.init("only", .string(only.rawValue))) }
    return .object(members)
  }

  func run() throws {
    let report = try ControlClient(UserPath.absolute(options.directory))
      .post("/export-events", body)
    if options.json { return Console.show(report) }
    for file in report["files"]?.items ?? [] {
      func count(_ name: String) -> Int { file[name]?.integer ?? 0 }
      var notes: [String] = []
      if count("repeated") > 0 { notes.append("\(Console.grouped(count("repeated"))) again") }
      if count("changed") > 0 { notes.append("\(Console.grouped(count("changed"))) changed") }
      if file["whole"]?.flag == false { notes.append("half-uploaded") }
      let note = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
      print("\(file["name"]?.text ?? ""): \(Console.grouped(count("rows"))) rows\(note)")
    }
  }
}
