import ArgumentParser
import Core
import SandboxServer

struct ClockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock", abstract: "The sandbox's time.", subcommands: [Advance.self])

  struct Advance: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let time pass at once: tokens expire, windows end.")

    @OptionGroup var options: SandboxOptions

    @Argument(help: "How long: 90s, 10m, 2h, 8d.")
    var time: String

    func run() throws {
      let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
      guard let unit = time.last.flatMap({ units[$0] }), let count = Int(time.dropLast()), count > 0
      else { throw ValidationError("'\(time)' is not a time: write 90s, 10m, 2h or 8d.") }
      let answer = try ControlClient(UserPath.absolute(options.directory))
        .post("/clock", ["advance": .number(String(count * unit))])
      if options.json {
        Console.show(answer)
      } else {
        print("it is \(answer["clock"]?.text ?? "")")
      }
    }
  }
}
