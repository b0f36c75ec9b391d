import Testing

@Suite struct HabitTests {
  @Test func nothingIsPublic() {
    for file in Tree.swiftFiles(below: "Sources") {
      #expect(!Tree.lines(of: file).contains { $0.hasPrefix("public ") }, "\(file)")
    }
  }

  @Test func noRoomForThingsWithoutAName() {
    for file in Tree.swiftFiles(below: "Sources") + Tree.swiftFiles(below: "Tests") {
      for word in ["Utils", "Helpers", "Common/", "Manager"] {
        #expect(!file.contains(word), "\(file)")
      }
    }
  }

  @Test func testsDoNotSleepAndAreNotSkipped() {
    let forbidden = [".disabled(", "XCTSkip", "withKnownIssue", "Thread.sleep", "usleep("]
    for file in Tree.swiftFiles(below: "Tests") where !file.hasPrefix("Tests/TidyTests") {
      for word in forbidden { #expect(!Tree.text(of: file).contains(word), "\(file): \(word)") }
    }
  }

  @Test func nothingSpeaksOfWorkLeftUndone() {
    for file in Tree.swiftFiles(below: "Sources") {
      for word in ["TODO", "FIXME", "XXX"] {
        #expect(!Tree.text(of: file).contains(word), "\(file): \(word)")
      }
    }
  }

  @Test(arguments: [
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", ".ci/run",
    "docs/architecture.md", "docs/jobs.md", "docs/operating.md", "docs/import-workflow.md",
  ])
  func theHabitFilesAreThere(file: String) {
    #expect(!Tree.text(of: file).isEmpty)
  }

  /// A sentence that says what to do names what can be done.
  @Test func everyCommandOfASentenceExists() {
    let commands = Tree.swiftFiles(below: "Sources/campaign-sync").flatMap { file in
      Tree.text(of: file).matches(of: #/commandName: "([a-z-]+)"/#).map { String($0.1) }
    }
    #expect(commands.contains("initial"))
    for file in Tree.swiftFiles(below: "Sources") {
      for line in Tree.lines(of: file) where line.contains("\"") && !line.contains("///") {
        for match in line.matches(of: #/[`:,"] ?campaign-sync ([a-z][a-z-]+)/#) {
          #expect(commands.contains(String(match.1)), "\(file): \(match.1)")
        }
      }
    }
  }

  @Test func everyLinkOfTheDocumentsLeadsToAFile() {
    let documents = Tree.files(below: "docs", endings: [".md"]) + ["README.md", "CONTRIBUTING.md"]
    for document in documents {
      let folder = document.split(separator: "/").dropLast().joined(separator: "/")
      for match in Tree.text(of: document).matches(of: #/\]\(([^)#:]+)(#[^)]*)?\)/#) {
        let target = folder.isEmpty ? String(match.1) : folder + "/" + match.1
        let path = Tree.root.appending(path: target).standardizedFileURL
        #expect(Tree.exists(path), "\(document) links to \(match.1)")
      }
    }
  }
}
