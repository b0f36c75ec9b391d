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
      guard let seconds = Duration.seconds(written: time) else {
        throw ValidationError("'\(time)' is not a time: write 90s, 10m, 2h or 8d.")
      }
      let answer = try ControlClient(UserPath.absolute(options.directory))
        .post("/clock", ["advance": .number(String(seconds))])
      if options.json {
        Console.show(answer)
      } else {
        print("it is \(answer["clock"]?.text ?? "")")
      }
    }
  }
}

extension Duration {
  /// The seconds of `90s`, `10m`, `2h` or `8d`.
  static func seconds(written text: String) -> Int? {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
      (1...1_000_000_000).contains(count)
    else { return nil }
    return count * unit
  }
}
