from review.duplicates.text_differences import Piece, differences


def test_what_was_replaced_is_said_first_and_then_what_by():
    assert differences("We lost the bid, sadly.", "We won the  bid sadly") == [
        Piece("same", "We ", 1),
        Piece("left_out", "lost ", 1),
        Piece("added", "won ", 1),
        Piece("same", "the  bid sadly", 3),
    ]


def test_long_run_of_the_same_words_is_folded():
    words = " ".join(f"word{place}" for place in range(100))
    pieces = differences(words, f"First, {words}")
    assert [(piece.kind, piece.words) for piece in pieces] == [
        ("added", 1),
        ("same", 15),
        ("skipped", 70),
        ("same", 15),
    ]


def test_texts_without_a_word_in_common_are_left_out_and_added():
    assert differences("one two", "three") == [
        Piece("left_out", "one two", 2),
        Piece("added", "three", 1),
    ]


def test_words_of_a_script_without_spaces_are_told_apart():
    pieces = differences("我们的组织没有得到资助。", "我们的组织得到资助。")
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "我们的组织"),
        ("left_out", "没有"),
        ("same", "得到资助。"),
    ]
