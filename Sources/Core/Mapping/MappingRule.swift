/// Why a row cannot be mapped.
///
/// The raw value is `Rejection.rule`, for machines.
package enum MappingRule: String, Sendable, CaseIterable {
  case keyIsNoGuid, missingColumn, unexpectedType
  case notANumber, notAnInteger, outOfRange
  case notADate, notABoolean, notInEnumeration
  case undefinedChoice, tooLong

  /// In words, without the value.
  package var reason: String {
    switch self {
    case .keyIsNoGuid: "the primary id is not a guid"
    case .missingColumn: "the row came without this column"
    case .unexpectedType: "the value is not of the type that the metadata says"
    case .notANumber: "not a number"
    case .notAnInteger: "not a whole number"
    case .outOfRange: "more digits than the field can hold"
    case .notADate: "no date or time of the calendar"
    case .notABoolean: "neither true nor false"
    case .notInEnumeration: "not a name of the enumeration"
    case .undefinedChoice: "a choice without a definition or without a label in this language"
    case .tooLong: "longer than the field"
    }
  }
}
