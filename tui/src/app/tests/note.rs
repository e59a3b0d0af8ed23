//! Notes and packing slips.

use ordertop::order::Visibility;

use super::*;

fn note_sent(effects: &[Effect]) -> (String, String, Option<Visibility>) {
    match effects {
        [Effect::AddNote { key, note, .. }] => {
            (key.number.to_string(), note.text.clone(), note.visibility)
        }
        other => panic!("{other:?}"),
    }
}

fn footer(stage: &Stage) -> String {
    stage.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_note_goes_to_the_order_that_was_under_the_cursor() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("c");
    let sooner = listed("0001", OrderStatus::Paid, -90_000);
    stage.event(EventKind::Created, &sooner, service());
    assert!(stage.press(KeyCode::Enter).is_empty(), "blank is no note");
    stage.keys("gift wrap ys");
    stage.press(KeyCode::Tab);
    let screen = stage.screen();
    assert!(screen.contains("Note on #10471"), "{screen}");
    assert!(screen.contains("read by vendor and support"), "{screen}");
    let sent = note_sent(&stage.press(KeyCode::Enter));
    assert_eq!(sent, ("10471".into(), "gift wrap ys".into(), None));
    let key = listed("10471", OrderStatus::Paid, 0).key(&vendor());
    stage.app.update(Event::NoteAnswer {
        key,
        result: Ok(()),
    });
    assert!(footer(&stage).contains("note added to #10471"));
}

#[test]
fn support_says_who_may_read_and_internal_comes_first() {
    let mut stage = Stage::with((120, 30), |settings| settings.vendor = None);
    stage.live();
    stage.snapshot(orders());
    stage.keys("cfraud?");
    let (_, text, readers) = note_sent(&stage.press(KeyCode::Enter));
    assert_eq!((&*text, readers), ("fraud?", Some(Visibility::Support)));
    // Tab alone publishes nothing.
    stage.keys("jcplease");
    stage.press(KeyCode::Tab);
    let (_, _, readers) = note_sent(&stage.press(KeyCode::Enter));
    assert_eq!(readers, Some(Visibility::Support));
    stage.keys("jcplease");
    stage.press(KeyCode::Tab);
    stage.keys("x ");
    stage.press(KeyCode::Tab);
    stage.keys(" ship");
    let (_, text, readers) = note_sent(&stage.press(KeyCode::Enter));
    assert_eq!((&*text, readers), ("please ship", Some(Visibility::Vendor)));
}

#[test]
fn words_that_could_not_be_sent_are_kept() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("ccall first");
    stage.press(KeyCode::Enter);
    let key = stage.app.cursor.clone().unwrap();
    stage.app.update(Event::NoteAnswer {
        key,
        result: Err(RequestError::Timeout {
            server: "h:1".into(),
            after: std::time::Duration::from_secs(30),
        }),
    });
    assert!(footer(&stage).contains("note on #10471 not added"));
    stage.keys("c");
    assert!(stage.screen().contains("call first"));
    let (_, text, _) = note_sent(&stage.press(KeyCode::Enter));
    assert_eq!(text, "call first");
}

#[test]
fn a_slip_goes_to_the_command_and_its_failure_is_told() {
    let mut stage = Stage::shop((120, 30));
    assert!(stage.keys("P").is_empty());
    assert!(footer(&stage).contains("[print] command"));
    let mut stage = Stage::with((120, 30), |settings| {
        settings.print_command = Some(vec!["lp".into()]);
    });
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    let effects = stage.keys("P");
    let [Effect::Print(slip)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!((&*slip.shop, &*slip.date), ("Acme", "23 Nov 2026"));
    assert_eq!(slip.command, ["lp"]);
    let key = slip.key.clone();
    stage.app.update(Event::Printed {
        key,
        result: Err("`lp` failed: no paper".into()),
    });
    assert!(footer(&stage).contains("slip of #10471 not printed: `lp` failed: no paper"));
}

#[test]
fn a_note_takes_what_a_server_keeps_and_says_when_it_is_full() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("c");
    let words = "word ".repeat(399);
    stage.app.update(Event::Paste(words.clone() + "END"));
    assert!(
        stage.screen().contains("1,998 of 2,000 characters"),
        "{}",
        stage.screen()
    );
    stage.app.update(Event::Paste("12345".into()));
    assert!(
        footer(&stage).contains("2,000 characters fit"),
        "{}",
        footer(&stage)
    );
    let (_, text, _) = note_sent(&stage.press(KeyCode::Enter));
    assert_eq!(text, words + "END12");
}

#[test]
fn p_prints_the_marked_ones_after_a_question_and_one_by_one_in_their_order() {
    let mut stage = Stage::with((120, 30), |settings| {
        settings.print_command = Some(vec!["lp".into()]);
    });
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    let printed = |effects: &[Effect]| -> Vec<String> {
        let number = |effect: &Effect| match effect {
            Effect::Print(slip) => slip.key.number.to_string(),
            other => panic!("{other:?}"),
        };
        effects.iter().map(number).collect()
    };
    // One that is marked, wherever the cursor is.
    stage.keys(" j");
    assert_eq!(printed(&stage.keys("P")), ["10471"]);
    stage.keys("gj jP");
    let screen = stage.screen();
    assert!(screen.contains("Print 2 packing slips?"), "{screen}");
    assert!(screen.contains("#10471, #10474"), "{screen}");
    let effects = stage.press(KeyCode::Enter);
    assert_eq!(printed(&effects), ["10471", "10474"]);
    assert_eq!(stage.app.marked(), 2, "they may be shipped next");
    let answers = [Ok(()), Ok(()), Err("no paper".to_owned())];
    for (number, result) in ["10471", "10471", "10474"].into_iter().zip(answers) {
        let key = listed(number, OrderStatus::Paid, 0).key(&vendor());
        stage.app.update(Event::Printed { key, result });
    }
    let footer = footer(&stage);
    let words = "2 slips printed, 1 not: slip of #10474 not printed: no paper";
    assert!(footer.contains(words), "{footer}");
    stage.keys("A");
    for i in 0..300 {
        let order = listed(&format!("N{i}"), OrderStatus::Paid, i);
        stage.event(EventKind::Created, &order, service());
    }
    stage.keys("AP");
    assert!(matches!(stage.app.overlay, Overlay::None));
}
