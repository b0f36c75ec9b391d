/// What of a foreign text may be kept: the words that the services' own messages are made of.
///
/// A word that is missing costs the operator an `…`. One that people, firms or places are called by
/// does not belong here, unless no message can do without it (`key`, `field`, `long`).
enum ExcerptWords {
  /// The modules of Campaign that write error codes.
  static let codes: Set<String> = [
    "BAS", "INT", "IOB", "JST", "LOG", "MSQ", "NET", "NMS", "ODB", "ORA", "PGS", "PRC", "RST",
    "SCR",
    "SOP", "SRV", "WDB", "XIO", "XSV", "XTK",
  ]

  static let all = Set(
    [small, verbs, things, kinds].flatMap { $0.split { $0.isWhitespace } }.map(String.init))

  private static let small = """
    a about after again all already also an and any are as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't each either every
    for from greater had has hasn't have if in inside into is isn't it its larger least less longer
    maximum minimum more most must mustn't never no non not nothing of on one only or other others
    out outside over per please same see shorter should since smaller so some such than that the
    their then there these this those to too twice under unless until up was wasn't were when where
    whether which while with within without won't would yet you your
    """

  private static let verbs = """
    accept accepted activated aborted add added allow allowed apply assessing associated attempt
    authorized blocked cast changed check closed combined configured contact contains convert
    converted corrupted create created deactivated declared defined delete deleted denied
    deserialized disabled empty enabled ended evaluate evaluated exceed exceeded exceeds executing
    execute exist exists expected expired failed failing finished found got happened holds identified
    implemented insert inserted keep limited linked loaded locked lost matches matching
    mismatched missing modified occurred parse parsed paused perform prevented process
    processed processing published read refers referenced refused rejected removed required requires
    resolve restricted retry rolled save saved says send sent set specify specified started starting
    stopped supplied supported suspended terminated throttled timed try unable unexpected update
    updated updating use used using validate violates violation write written
    """

  private static let things = """
    access account action active activity address administrator aggregate annotation annotations
    application argument arguments array assembly attempts attribute attributes authorization back
    batch bit body business bytes call cardinality case characters choice client
    code column columns concurrency condition conditions connection constraint content context
    conversion currency data database date datetime deadlock declaration default
    definition deletion destination detail details document domain duplicate element email e-mail
    encoding end entity entry enumeration enumerations error errors exception execution expression
    external field fields file filter foreign form format function handler header hint host id
    identifier index inner input instance integrity item items job json key keys label
    length level limit line link list local lock long lookup low match memory message metadata
    method mode name names navigation network node null number numeric object operation operator
    option order organization owner pair parameter parameters parent path pattern payload permission
    picklist plug-in plugin position postgresql precision prefix primary privilege privileges
    problem procedure product profile profiles property properties query range reason record records
    recipient reference relation relationship request requests resource resources response result
    role roles row rows rule rules scale schema scope script security segment sequence server
    service session sign signal size source sql stack state statement status step stream string
    subject support syntax system table tables target targets team template text
    time timeout times timestamp token transaction trigger type types undeclared uniqueness unit
    user users value values variable version warning workflow xml
    """

  private static let kinds = """
    bad bigint boolean byte char character code decimal double float inconsistent incoming incorrect
    information integer internal invalid mandatory mismatch new numeric old read-only
    readable reserved short small smallint temporary too unauthorized undefined unique
    unknown unreadable unsupported valid varchar varying wrong zero
    """
}
