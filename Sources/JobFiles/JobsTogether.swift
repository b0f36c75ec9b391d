import Core

/// What only shows when all job files are seen: one table to one resource, one source for a
/// Campaign field, parents that exist.
struct JobsTogether {
  let jobs: [ReadJob]
  let problems: Problems

  func check() {
    let ingress = jobs.filter { $0.ingress != nil }
    for (index, job) in ingress.enumerated() {
      checkEnds(job, against: ingress[..<index])
      checkParents(job, among: ingress.compactMap(\.ingress))
    }
    checkOptOuts()
  }

  private func checkEnds(_ job: ReadJob, against earlier: ArraySlice<ReadJob>) {
    guard let settings = job.ingress else { return }
    for case let other? in earlier.map(\.ingress) {
      for (key, name, taken) in [
        ("from", settings.table, other.table), ("to", settings.resource, other.resource),
      ] where !name.isEmpty && name == taken {
        add(
          job.root.place(of: key), key,
          "names \(name), as the job \(other.name) does: one table goes to one resource, by one "
            + "job")
      }
    }
  }

  private func checkParents(_ job: ReadJob, among ingress: [IngressSettings]) {
    guard let settings = job.ingress else { return }
    for (index, parent) in settings.parents.enumerated() where !parent.job.isEmpty {
      let place = job.root.place(of: "parents", item: index)
      let path = "parents[\(index)].job"
      if !ingress.contains(where: { $0.name == parent.job }) {
        let names = ingress.map(\.name).filter { $0 != settings.name }
        problems.add(
          Problem(
            place, path: path,
            says: "names \(parent.job), and there is no ingress job of that name",
            nearest: Nearest.name(to: parent.job, among: names)))
      } else if reaches(settings.name, from: parent.job, among: ingress) {
        add(place, path, "makes a circle: the parents of \(parent.job) lead back to this job")
      }
    }
  }

  private func reaches(
    _ name: String, from start: String, among ingress: [IngressSettings]
  ) -> Bool {
    var seen: Set<String> = []
    var open = [start]
    while let next = open.popLast() {
      if next == name { return true }
      guard seen.insert(next).inserted else { continue }
      open += ingress.first { $0.name == next }?.parents.map(\.job) ?? []
    }
    return false
  }

  /// The opt-outs of profile: mapped in the ingress job, or decided by one opt-out job.
  private func checkOptOuts() {
    var feeders: [String: String] = [:]
    for case let settings? in jobs.map(\.ingress) where settings.resource == "profile" {
      for field in settings.fields { feeders[OptOutFile.denyName(field.to)] = settings.name }
    }
    var reader: String?
    for job in jobs {
      guard case .optOut(let settings) = job.job else { continue }
      if settings.readsCampaign {
        if let reader {
          add(
            job.root.place(of: "direction"), "direction",
            "reads opt-out files, as the job \(reader) does: Campaign exports one set of opt-outs, "
              + "so there is one opt-out job; put all pairs there")
        }
        reader = reader ?? settings.name
      }
      for (index, field) in settings.fields.enumerated() where !field.campaign.isEmpty {
        let name = OptOutFile.denyName(field.campaign)
        if let other = feeders[name], other != settings.name {
          add(
            field.position, "fields[\(index)].campaign",
            "feeds \(field.campaign), which the job \(other) feeds too; keep one of them")
        } else {
          feeders[name] = settings.name
        }
      }
    }
  }

  private func add(_ place: SourcePosition, _ path: String, _ says: String) {
    problems.add(Problem(place, path: path, says: says))
  }
}
