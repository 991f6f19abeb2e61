use super::*;

/// Made up, with every peculiarity that a line may have.
const USERS: &[u8] = b"Extn201,201,Z\xfcrich Reception,1,528,1,0,reception@example.com\r\n\
    \"Bob \"\"Mac\"\" Lee\" , 202,\"Lee, Bob\",5,0,0,,bob@example.com,9,\"new, in a later release\"\r\n\
    \r\n\
    NoUser,\r\n";

fn columns(file: &ListFile, bytes: &[u8]) -> Vec<Vec<String>> {
    let listing = file.read(bytes);
    assert_eq!(listing.malformed, []);
    listing.rows.into_iter().map(|row| row.columns).collect()
}

#[test]
fn users_are_read_and_unknown_columns_are_kept() {
    let listing = USER_LIST.read(USERS);
    assert_eq!(listing.malformed, []);
    let [one, two, three] = &listing.rows[..] else {
        panic!("{listing:?}");
    };
    let values = |row: &Row| -> Vec<String> {
        let known = USER_LIST.columns.iter();
        known
            .map(|column| {
                row.get(column)
                    .map_or("-", |value| column.in_words(value))
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(
        values(one),
        [
            "Extn201",
            "201",
            "Zürich Reception",
            "basic",
            "528",
            "1",
            "reception@example.com"
        ]
    );
    assert_eq!(USER_LIST.unknown(one).collect::<Vec<_>>(), [(6, "0")]);
    assert_eq!(
        values(two),
        [
            "Bob \"Mac\" Lee",
            "202",
            "Lee, Bob",
            "office_worker",
            "0",
            "0",
            "bob@example.com"
        ]
    );
    let unknown: Vec<_> = USER_LIST.unknown(two).collect();
    assert_eq!(unknown, [(6, ""), (8, "9"), (9, "new, in a later release")]);
    assert_eq!(
        (three.line, values(three)),
        (
            4,
            ["NoUser", "", "-", "-", "-", "-", "-"]
                .map(str::to_owned)
                .to_vec()
        )
    );
}

#[test]
fn the_other_files_are_read() {
    let rows = HUNT_LIST.read(b"Main,300,0,2,1,x,y,4\nNight,301,,,2\nOut,302,,,0\nOdd,303,,,7");
    let service = HUNT_LIST.columns[2];
    let services: Vec<_> = rows
        .rows
        .iter()
        .map(|row| service.in_words(row.get(&service).unwrap()))
        .collect();
    assert_eq!(services, ["day", "night", "out_of_service", "7"]);
    assert_eq!(rows.rows[0].get(&HUNT_LIST.columns[3]), Some("4"));
    assert_eq!(
        columns(&DIRECTORY, b"\"Taxi, day and night\",044 555 00 00\r\n"),
        [["Taxi, day and night", "044 555 00 00"]]
    );
    assert_eq!(
        columns(&LICENCE_LIST, b"CTI Link Pro,1\r\nPower User\r\n"),
        [vec!["CTI Link Pro", "1"], vec!["Power User"]]
    );
    assert_eq!(
        columns(&EXTENSION_LIST, b"8000,201,H323\r\n\0\0"),
        [["8000", "201", "H323"]]
    );
    for file in LIST_FILES {
        assert_eq!(file.read(b""), Listing::default());
        assert_eq!(ListFile::named(file.name), Some(file));
        assert_eq!(ListFile::named(&format!("nasystem/{}", file.name)), Some(file));
        assert_eq!(file.provenance(), Provenance::Observed);
    }
    assert_eq!(ListFile::named("who_is"), None);
}

#[test]
fn lines_that_can_not_be_read_are_told_and_the_others_are_read() {
    let check = |line: &[u8], expect: BadLine| {
        let bytes = [b"first,1\r\n", line, b"\r\nlast,3\r\n"].concat();
        let listing = DIRECTORY.read(&bytes);
        let rows: Vec<_> = listing.rows.iter().map(|row| row.columns[0].as_str()).collect();
        assert_eq!(rows, ["first", "last"]);
        assert_eq!(
            listing.malformed,
            [Malformed {
                line: 2,
                reason: expect
            }]
        );
    };
    check(b"alone", BadLine::TooFewColumns(2));
    check(b"\0\x01\x02", BadLine::TooFewColumns(2));
    check(b"\"open,1", BadLine::OpenQuote);
    check(b"a,\"b\"\"", BadLine::OpenQuote);
    check(b"\"a\"b,1", BadLine::BehindQuote);
    check(&[b'a'; 4097], BadLine::TooLong);
    check(&[b','; 64], BadLine::TooManyColumns);
    assert_eq!(columns(&DIRECTORY, &[b','; 63])[0].len(), 64);
}

#[test]
fn a_file_without_end_is_read_to_its_bound() {
    let endless = b"a,1\n".repeat(MAX_LINES + 10);
    let listing = DIRECTORY.read(&endless);
    assert_eq!(listing.rows.len(), MAX_LINES);
    let reason = BadLine::TooManyLines;
    let line = MAX_LINES + 1;
    assert_eq!(listing.malformed, [Malformed { line, reason }]);
}

#[test]
fn nothing_in_a_file_steers_a_terminal() {
    assert_eq!(
        columns(&DIRECTORY, b"\x1b[2J\x9b,1\t2"),
        [["\\u{1b}[2J\\u{9b}", "1\\u{9}2"]]
    );
    assert_eq!(text(b"Z\xfcrich\r\n\x1b[2J\r\n\0"), "Zürich\n\\u{1b}[2J\n");
}

#[test]
fn what_is_encoded_is_these_bytes_and_reads_back() {
    let rows = [
        vec!["Zürich, Filiale 2", "201", "a \"b\""],
        vec!["Łukasz", " ", "x\r\ny"],
    ];
    let bytes = encode(&rows);
    assert_eq!(
        bytes,
        b"\"Z\xfcrich, Filiale 2\",201,\"a \"\"b\"\"\"\r\n?ukasz,\" \",x  y\r\n"
    );
    assert_eq!(
        columns(&DIRECTORY, &bytes),
        [["Zürich, Filiale 2", "201", "a \"b\""], ["?ukasz", "", "x  y"]]
    );
    // A row of one value that is empty is a row.
    let bytes = encode([vec![""], vec!["", ""]]);
    assert_eq!(bytes, b"\"\"\r\n,\r\n");
    assert_eq!(columns(&LICENCE_LIST, &bytes), [vec![""], vec!["", ""]]);
}
