// swift-tools-version: 6.2
import PackageDescription

/// Debian 12 ships libssh2 1.10, which cannot sign with RSA-SHA2.
///
/// `make setup` unpacks 1.11 below the checkout there; where the folder is absent these flags
/// change nothing and the system's library is used (docs/decisions/0002-libssh2-1.11.md).
let privateSSH2 = "\(Context.packageDirectory)/.deps/libssh2"
let ssh2Swift: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-I\(privateSSH2)/include"])]
let ssh2Linker: [LinkerSetting] = [
  .unsafeFlags([
    "-L\(privateSSH2)/lib",
    "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/campaign-sync",
    "-Xlinker", "-rpath", "-Xlinker", "\(privateSSH2)/lib",
  ])
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map {
  .product(name: $0, package: "swift-nio")
}

/// The rooms of the house and what each may import (docs/architecture.md; TidyTests holds it true).
var targets: [Target] = [
  .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
  .systemLibrary(name: "CSSH2", providers: [.apt(["libssh2-1-dev"])]),
  .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
  .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
  .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CMalloc"),
  .target(
    name: "CJSONPages",
    linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
  .target(name: "Core"),
  .target(name: "Threads"),
  .target(name: "Gzip", dependencies: ["Core", "CZlib"]),
  .target(name: "Digests", dependencies: ["Core", "CCrypto"]),
  .target(name: "JSONPages", dependencies: ["Core", "CJSONPages"]),
  .target(name: "HTTP", dependencies: ["Core"]),
  .target(name: "Curl", dependencies: ["Core", "HTTP", "Threads", "CCurl"]),
  .target(name: "SFTP", dependencies: ["Core", "Threads", "CSSH2"], swiftSettings: ssh2Swift),
  .target(name: "Disk", dependencies: ["Core", "Threads", "Gzip", "Digests"]),
  .target(name: "Ledger", dependencies: ["Core", "Threads", "CSQLite"]),
  .target(name: "Dataverse", dependencies: ["Core", "HTTP", "JSONPages"]),
  .target(name: "Campaign", dependencies: ["Core", "HTTP", "JSONPages"]),
  .target(name: "Jobs", dependencies: ["Core", "Gzip"]),
  .target(name: "JobFiles", dependencies: ["Core", yams]),
  .executableTarget(
    name: "campaign-sync",
    dependencies: [
      "Core", "Threads", "HTTP", "Curl", "SFTP", "Disk", "Ledger", "Digests", "Dataverse",
      "Campaign", "Jobs", "JobFiles", "CMalloc", argumentParser, logging,
    ],
    swiftSettings: ssh2Swift, linkerSettings: ssh2Linker),
  .target(name: "Sandbox", dependencies: ["Core", "HTTP", "JSONPages", "Gzip", "Digests"]),
  .target(name: "SandboxServer", dependencies: ["Core", "HTTP", "Sandbox"] + nio),
  .executableTarget(
    name: "campaign-sync-sandbox",
    dependencies: [
      "Core", "Sandbox", "SandboxServer", "JobFiles", argumentParser, logging,
    ]),
]
targets += [
  .executableTarget(name: "ledger-bench", dependencies: ["Core", "Ledger"], path: "bench/ledger")
]
targets += [
  .target(
    name: "TestSupport", dependencies: ["Core", "HTTP", "Gzip", "Digests"],
    path: "Tests/TestSupport")
]
func tests(_ room: String, _ more: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(room)Tests",
    dependencies: [.byName(name: room), "TestSupport"]
      + (room == "Core" ? [] : ["Core"]) + more,
    swiftSettings: ssh2Swift, linkerSettings: ssh2Linker)
}
targets += [
  tests("Core", ["Digests"]), tests("Threads"), tests("Gzip"), tests("Digests"),
  tests("JSONPages", ["Gzip"]),
  tests("HTTP"), tests("Curl", ["HTTP", "CCurl"]), tests("SFTP"), tests("Disk", ["Gzip", "HTTP"]),
  tests("Ledger"),
  tests("Dataverse", ["HTTP", "Sandbox"]), tests("Campaign", ["HTTP", "Sandbox"]),
  tests("Jobs", ["Gzip", "Digests", "HTTP"]), tests("JobFiles", [yams]),
  tests("Sandbox", ["HTTP", "JSONPages"]),
  tests("SandboxServer", ["Sandbox", "HTTP", "Threads"]),
  .testTarget(
    name: "ChainTests",
    dependencies: [
      "Core", "HTTP", "Digests", "Dataverse", "Campaign", "Jobs", "JobFiles", "Sandbox",
      "Threads", "TestSupport",
    ], swiftSettings: ssh2Swift, linkerSettings: ssh2Linker),
  .testTarget(name: "ToolTests", dependencies: ["Core", "TestSupport"]),
  .testTarget(name: "TidyTests"),
]

// `make check` turns warnings into errors; a newer compiler's opinion does not break a user's build.
if Context.environment["CAMPAIGN_SYNC_STRICT"] != nil {
  for target in targets where target.type != .system && target.name != "CJSONPages" {
    target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
  }
}

let package = Package(
  name: "campaign-sync",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
  ],
  targets: targets,
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
