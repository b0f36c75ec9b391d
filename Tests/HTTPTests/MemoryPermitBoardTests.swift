import TestSupport
import Testing

@testable import HTTP

struct MemoryPermitBoardTests {
  @Test(arguments: PermitBoardContract.allCases)
  func keepsTheContract(promise: PermitBoardContract) throws {
    let board = MemoryPermitBoard()
    try promise.check { board.neighbour() }
  }
}
