/// People and places as they come: scripts, accents, directions, quotes and separators.
struct Culture: Sendable {
  var weight: Int
  /// First names; even positions are women's.
  var given: [String]
  var family: [String]
  var cities: [String]
  var streets: [String]
  var country: String
  var dial: String
}

enum Vocabulary {
  static let cultures: [Culture] = [
    Culture(
      weight: 24,
      given: ["Ada", "Charles", "Olivia", "James", "Grace", "Liam", "Mary-Kate", "Jean Luc"],
      family: ["Byron", "O'Brien", "Smith", "Van der Berg", "MacLeod", "Smith-Jones", "D'Arcy"],
      cities: ["London", "Stoke-on-Trent", "St. John's", "Aberdeen"],
      streets: ["High Street", "King's Road", "\"The Old Mill\", Mill Lane", "Church Walk; rear"],
      country: "United Kingdom", dial: "+44"),
    Culture(
      weight: 14, given: ["Zoë", "René", "Hélène", "Gaël", "Anaïs", "François", "Chloé", "Noël"],
      family: ["L'Écuyer", "Lefèvre", "de La Fontaine", "Bœuf", "Garçon", "Müller"],
      cities: ["Orléans", "Saint-Étienne", "L'Haÿ-les-Roses", "Nîmes"],
      streets: ["rue de l'Église", "av. du Général-Leclerc", "12, place d'Armes; bât. \"B\""],
      country: "France", dial: "+33"),
    Culture(
      weight: 14, given: ["Jürgen", "Käthe", "Björn", "Änne", "Götz", "Sören", "Karl-Heinz"],
      family: ["Müller", "Groß", "Freiherr von Weiß", "Schäfer", "Öztürk", "Jäger"],
      cities: ["München", "Düsseldorf", "Gießen", "Bad Königshofen i. Grabfeld"],
      streets: ["Königstraße", "Straße des 17. Juni", "Am Mühlbach; Hinterhaus"],
      country: "Germany", dial: "+49"),
    Culture(
      weight: 12, given: ["Íñigo", "Begoña", "José María", "Ángela", "Nuño", "Lucía"],
      family: ["Núñez", "García Márquez", "Ibáñez", "Peña", "Ordóñez y Ruiz"],
      cities: ["Logroño", "A Coruña", "Cádiz"], streets: ["C/ Mayor, 1º Dcha.", "Pº Castellana"],
      country: "España", dial: "+34"),
    Culture(
      weight: 6, given: ["Łukasz", "Zażółć", "Małgorzata", "Świętosława"],
      family: ["Wiśniewski", "Gęślą-Jaźń", "Błaszczykowska"], cities: ["Łódź", "Kraków"],
      streets: ["ul. Świętokrzyska", "al. Róż"], country: "Polska", dial: "+48"),
    Culture(
      weight: 5, given: ["İpek", "Işıl", "Çağrı", "Şule"], family: ["Yıldız", "Gülşen", "Işık"],
      cities: ["İstanbul", "Diyarbakır"], streets: ["İstiklal Cd."], country: "Türkiye", dial: "+90"
    ),
    Culture(
      weight: 4, given: ["Ελένη", "Γιώργος", "Δήμητρα"], family: ["Παπαδόπουλος", "Νικολάου"],
      cities: ["Αθήνα", "Θεσσαλονίκη"], streets: ["Λεωφ. Συγγρού"], country: "Ελλάδα", dial: "+30"),
    Culture(
      weight: 4, given: ["Наталья", "Фёдор", "Ёлка"], family: ["Щербаков", "Достоевский", "Ильин"],
      cities: ["Санкт-Петербург"], streets: ["Невский пр."], country: "Россия", dial: "+7"),
    Culture(
      weight: 5, given: ["فاطمة", "محمد", "عبد الرحمن"], family: ["الخطيب", "بن يوسف", "الزهراني"],
      cities: ["القاهرة", "الرياض"], streets: ["شارع الملك فهد"], country: "مصر", dial: "+20"),
    Culture(
      weight: 4, given: ["שרה", "דוד", "יעל"], family: ["כהן", "בן־דוד", "לוי"],
      cities: ["תל אביב־יפו"], streets: ["רח' דיזנגוף"], country: "ישראל", dial: "+972"),
    Culture(
      weight: 4, given: ["秀英", "伟", "さくら", "健太"], family: ["王", "李", "佐藤", "渡邉"],
      cities: ["上海", "横浜市"], streets: ["南京东路", "本町１丁目２−３"], country: "中国", dial: "+86"),
    Culture(
      weight: 4, given: ["Nguyễn", "Phượng", "Đức"], family: ["Trần", "Đặng Thị", "Phạm"],
      cities: ["Hà Nội"], streets: ["Phố Huế"], country: "Việt Nam", dial: "+84"),
  ]

  /// A culture for a number below one hundred.
  static let byPercent: [Int] = cultures.indices.flatMap { index in
    Array(repeating: index, count: cultures[index].weight)
  }

  static let titles = ["Mr.", "Ms.", "Dr.", "Prof. Dr.", "Mme", "Herr", "Señora"]
  static let suffixes = ["Jr.", "III", "PhD", "M.D."]
  static let jobs = [
    "Head of Purchasing", "Geschäftsführer", "=cmd()", "@SUM(A1:A9)", "+1 for everything", "-",
    "Responsable R&D <Europe>", "CEO \"interim\"", "Sales; Marketing", "Chef\tde cuisine",
    "  Analyst  ", "Qualitäts­sicherung", "C:\\Engineering\\Lead", "営業部長",
  ]
  static let departments = ["Sales", "R&D", "Legal, Risk & Compliance", "HR", "Vertrieb", "IT;Ops"]
  static let nicknames = [
    "Bob \"The Rock\"", "Lil' Kim", "🚀 Max", "zoë 👩‍👩‍👧", " Ace ", "Tiger\u{200F}", "NULL", "null", "0",
    "true", "NaN", "\u{2028}line", "e\u{301}lan",
  ]
  static let sentences = [
    "Met at the fair; wants the catalogue.", "He said: \"call me in May\".",
    "Prefers e-mail, never by phone!", "Größe XL, Farbe „grün“.", "Préfère le français.",
    "👍 very happy customer 🎉", "اتصل به غدًا", "path C:\\temp\\new",
    "50% off; 3,5 > 3.4 & <b>ok</b>",
    "'; DROP TABLE contact; --", "次回の訪問は来週です。", "tab\there",
  ]
  static let sentenceLengths = sentences.map(\.utf16.count)
  static let domains = ["example.org", "example.com", "example.net", "mail.example.co.uk"]
  static let mailNames = [
    "ada", "jean.luc", "info", "o'neil", "maria", "k_mueller", "anna+news", "x", "first.last-name",
  ]
  static let companies = [
    "Contoso", "Fabrikam, Inc.", "Adventure Works \"North\"", "Müller & Söhne GmbH; Co. KG",
    "L'Oréal-Démo", "株式会社サンプル", "Northwind Traders",
  ]
}
