import Core

extension IngressJob {
  /// Ends the parts, gives them their final names, writes the manifest.
  ///
  /// A safe point is a part.
  func seal(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "seal") { [self] emit throws(SyncError) in
      let spool = try ports.spool(state.run)
      var slot = state.stage
      let names = Set(slot.sealed.map(\.name))
      for mark in state.export.marks where !names.contains(partName(mark, of: state.run)) {
        slot.seal(try await spool.seal(mark))
        var tally = Tally()
        tally.parts = 1
        try await emit(Advance(tally: tally) { [slot] in $0.stage = slot })
      }
      let manifest = Manifest(
        name: RunName(job: name, run: state.run),
        columns: settings.header, parts: slot.sealed)
      try spool.write(manifest: manifest.bytes, as: Manifest.fileName(of: manifest.name))
      try await emit(Advance(now: true) { $0.phase = .staging })
    }
  }

  func partName(_ mark: PartMark, of run: Int) -> String {
    RunName(job: name, run: run).part(mark.number, suffix: settings.csv.suffix)
  }
}
