import Core

@testable import SFTP

extension SFTPSettings {
  /// Waits for a login as long as it may take on a machine that has much else to do; how long the tool
  /// waits is not what these tests are about.
  static func patient(
    _ settings: EnvironmentSettings.SFTP, passphrase: String? = nil
  ) -> SFTPSettings {
    var patient = SFTPSettings(settings, passphrase: passphrase)
    patient.connectTimeout = .seconds(300)
    return patient
  }
}
