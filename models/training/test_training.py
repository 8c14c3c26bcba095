"""Tests of the recipe's own rules: `python -m unittest discover models/training` (needs no data set)."""

import pathlib
import random
import tempfile
import types
import unittest
from collections import Counter

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from tokenizers.models import WordLevel, WordPiece
from tokenizers.pre_tokenizers import Whitespace

import heads
import multitask
import symbols
import tuned
from batches import WINDOW, encode, windows, with_typos
from blend import projection
from corpora import AlikePair, Corpora, bucket, key
from encoder import CONFIG, FEELINGS, Encoder, SentimentHead, mean_pool, padding
from evaluate import calibration_error, fit_temperature, softmax
from export import dequantise, quantise, rounded
from losses import ranking_loss
from multitask import draw_labels
from schedule import Progress, Rounded, optimiser
from sentiment_rows import IGNORED, own_rows, polarity, stock_phrases
from teacher import Targets

TINY = {**CONFIG, "vocab_size": 50, "hidden_size": 24, "num_attention_heads": 2, "intermediate_size": 32, "num_hidden_layers": 2}


class Quantisation(unittest.TestCase):
    def test_a_dequantised_weight_is_within_half_a_step_of_the_original(self):
        torch.manual_seed(1)
        weights = {"a": torch.randn(7, 11), "bias": torch.randn(7)}
        back = dequantise(quantise(weights))
        self.assertEqual(set(back), set(weights))
        step = weights["a"].abs().amax(1, keepdim=True) / 127
        self.assertTrue(bool(((back["a"] - weights["a"]).abs() <= step / 2 + 1e-6).all()))
        self.assertTrue(torch.equal(back["bias"], weights["bias"]))

    def test_a_row_of_zeros_stays_zero(self):
        self.assertTrue(torch.equal(dequantise(quantise({"a": torch.zeros(2, 3)}))["a"], torch.zeros(2, 3)))

    def test_a_step_with_rounded_weights_takes_its_gradient_there_and_moves_the_exact_ones(self):
        torch.manual_seed(4)
        layer, other = torch.nn.Linear(6, 3), torch.nn.Linear(6, 3)
        with torch.no_grad():
            layer.weight.mul_(torch.tensor([[100.0], [1.0], [0.01]]))
        other.load_state_dict({"weight": dequantise(quantise({"weight": layer.weight.detach()}))["weight"], "bias": layer.bias.detach()})
        exact, inputs = layer.weight.detach().clone(), torch.randn(5, 6)
        progress = Progress("t", 10, 1.0, pathlib.Path(tempfile.gettempdir()), {"layer": layer})
        stored, update = Rounded([layer], rounded), optimiser([(layer, 1e-3)], progress)
        stored.put_on()
        self.assertTrue(torch.equal(layer.weight.detach(), other.weight.detach()))
        # Clipped to length 1 by the step, so both losses are small.
        update((layer(inputs) ** 2).mean() * 1e-6, stored.take_off)
        ((other(inputs) ** 2).mean() * 1e-6).backward()
        self.assertTrue(torch.allclose(layer.weight.grad, other.weight.grad, rtol=1e-4, atol=0))
        moved = (layer.weight.detach() - exact).abs().max().item()
        self.assertTrue(0 < moved < 1e-3, moved)


class Network(unittest.TestCase):
    def test_padding_changes_neither_embedding_nor_logits(self):
        torch.manual_seed(2)
        model, head = Encoder(TINY).eval(), SentimentHead(24).eval()
        ids = torch.tensor([[2, 9, 8, 3]])
        padded = torch.tensor([[2, 9, 8, 3, 0, 0, 0]])
        mask, padded_mask = torch.ones_like(ids), (padded > 0).long()
        with torch.no_grad():
            one, two = model(ids, mask), model(padded, padded_mask)
            self.assertTrue(torch.allclose(mean_pool(one, mask), mean_pool(two, padded_mask), atol=1e-5))
            self.assertTrue(torch.allclose(head(one, mask), head(two, padded_mask), atol=1e-5))

    def test_the_encoder_agrees_with_transformers(self):
        try:
            from transformers import BertConfig, BertModel
        except ImportError:
            self.skipTest("transformers is not installed")
        torch.manual_seed(3)
        model = Encoder(TINY).eval()
        theirs = BertModel(BertConfig(**{k: v for k, v in TINY.items() if k not in ("architectures", "model_type", "position_embedding_type")}),
                           add_pooling_layer=False).eval()
        theirs.load_state_dict(model.state_dict(), strict=False)
        ids = torch.randint(1, 50, (3, 9))
        mask = torch.ones_like(ids)
        mask[1, 6:] = 0
        with torch.no_grad():
            found = theirs(input_ids=ids, attention_mask=mask).last_hidden_state
            self.assertTrue(torch.allclose(model(ids, mask)[mask > 0], found[mask > 0], atol=1e-5))


class HeadsOnAStillEncoder(unittest.TestCase):
    def setUp(self) -> None:
        torch.manual_seed(0)
        words = {word: place for place, word in enumerate(["[PAD]", "late", "thanks", "parcel", "again", "."])}
        self.tokenizer = Tokenizer(WordLevel(words, unk_token="."))
        self.tokenizer.pre_tokenizer = Whitespace()
        self.texts = ["late parcel", "thanks", "parcel late again .", "thanks again ."]
        small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": len(words)}
        self.model = Encoder({**CONFIG, **small}).eval()
        self.states = heads.States(self.model, self.tokenizer, self.texts)

    def test_kept_states_give_the_logits_of_the_network(self) -> None:
        head = SentimentHead(32).eval()
        ids, mask = encode(self.tokenizer, self.texts)
        with torch.no_grad():
            values, kept_mask = self.states.batch([0, 1, 2, 3])[:2]
            direct, kept = head(self.model.feel(ids, mask), mask), head(self.model.felt(values, padding(kept_mask)), kept_mask)
        self.assertLess((direct - kept).abs().max().item(), 0.02)

    def test_a_long_text_says_the_mean_of_its_windows_by_length(self) -> None:
        long = "late parcel . " * 30 + "thanks thanks . " * 10
        states = heads.States(self.model, self.tokenizer, ["thanks", long])
        parts, head = windows(long), SentimentHead(32).eval()
        self.assertGreater(len(parts), 1)
        values, mask, places, shares = states.batch([0, 1])
        self.assertEqual(places.tolist(), [0] + [1] * len(parts))
        with torch.no_grad():
            found = heads.over_windows(head(self.model.felt(values, padding(mask)), mask), places, shares, 2).exp()
            ids, part_mask = encode(self.tokenizer, ["thanks", *parts])
            each = head(self.model.feel(ids, part_mask), part_mask).softmax(-1)
        lengths = torch.tensor([float(len(part)) for part in parts])
        self.assertLess((found[0] - each[0]).abs().max().item(), 0.02)
        self.assertLess((found[1] - (lengths[:, None] * each[1:]).sum(0) / lengths.sum()).abs().max().item(), 0.02)

    def test_the_heads_learn_and_a_missing_label_teaches_nothing(self) -> None:
        both = {"sentiment": SentimentHead(32), "emotion": SentimentHead(32, labels=5)}
        before = {name: tensor.clone() for name, tensor in both["emotion"].state_dict().items()}
        rows = [(text, 0 if "late" in self.texts[text] else 2, IGNORED) for text in range(4)] * 100
        with tempfile.TemporaryDirectory() as folder:
            heads.run(self.model, both, self.states, rows, Progress("heads", 60, 10, pathlib.Path(folder), both), 1e-2, seed=5)
        values, mask = self.states.batch([0, 1, 2, 3])[:2]
        found = both["sentiment"](self.model.felt(values, padding(mask)), mask).argmax(-1).tolist()
        self.assertEqual(found, [0, 2, 0, 2])
        for name, tensor in both["emotion"].state_dict().items():
            self.assertTrue(torch.equal(tensor, before[name]), name)


class HeadsWithLayersOfTheirOwn(HeadsOnAStillEncoder):
    """The same over layers that only the heads read."""

    def setUp(self) -> None:
        super().setUp()
        self.plain = self.model
        config = {**self.plain.config, FEELINGS: {"after": 0, "layers": 1}}
        self.model = Encoder(config).eval()
        self.model.adopt(self.plain.state_dict())
        torch.nn.init.normal_(self.model.feelings["layer"][0].output.dense.bias)
        self.states = heads.States(self.model, self.tokenizer, self.texts)

    def test_they_start_as_copies_and_the_meaning_is_not_theirs(self) -> None:
        ids, mask = encode(self.tokenizer, self.texts)
        fresh = Encoder(self.model.config).eval()
        fresh.adopt(self.plain.state_dict())
        with torch.no_grad():
            expected = self.plain(ids, mask)
            for found in (*fresh.both(ids, mask), fresh(ids, mask), fresh.feel(ids, mask), self.model(ids, mask)):
                self.assertTrue(torch.allclose(found, expected, atol=1e-6))
            self.assertFalse(torch.allclose(self.model.feel(ids, mask), expected, atol=1e-2))
        again = Encoder(self.model.config)
        again.adopt(self.model.state_dict())
        self.plain.adopt(self.model.state_dict())
        self.assertTrue(torch.equal(again.feelings["layer"][0].output.dense.bias, self.model.feelings["layer"][0].output.dense.bias))

    def test_the_stage_teaches_them_and_leaves_the_layers_below_alone(self) -> None:
        before = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        both = {"sentiment": SentimentHead(32), "emotion": SentimentHead(32, labels=5)}
        rows = [(text, 0 if "late" in self.texts[text] else 2, IGNORED) for text in range(4)] * 100
        with tempfile.TemporaryDirectory() as folder:
            heads.run(self.model, both, self.states, rows, Progress("heads", 5, 10, pathlib.Path(folder), both), 1e-2, seed=5)
        for name, tensor in self.model.state_dict().items():
            # What a key adds to all scores alike decides nothing.
            if not name.endswith("key.bias"):
                self.assertEqual(torch.equal(tensor, before[name]), not name.startswith("feelings."), name)

    def test_similarity_leaves_what_the_feelings_stand_on(self) -> None:
        config = {**self.plain.config, "num_hidden_layers": 2, FEELINGS: {"after": 1, "layers": 1}}
        model = Encoder(config)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}

        class Pairs:
            def sts_pairs(_, size: int, people: float):
                ids, mask = encode(self.tokenizer, self.texts)
                return ids, mask, None, torch.tensor([0.1, 0.9])

        with tempfile.TemporaryDirectory() as folder:
            multitask.run_similarity(model, Pairs(), Progress("similarity", 3, 10, pathlib.Path(folder), {"encoder": model}), 1e-3)
        for name, tensor in model.state_dict().items():
            if not name.endswith("key.bias"):
                self.assertEqual(torch.equal(tensor, before[name]), not name.startswith("encoder.layer.1."), name)


class Signs(unittest.TestCase):
    def test_a_sign_neither_hides_the_word_that_it_touches_nor_is_lost(self):
        tidy = symbols.normalizer()
        for text, wanted in {"merci😊": "merci 😊", "nul👎🏽👎🏽": "nul 👎 👎", "🤬": "😡", "Box® l´été": "box l'ete", "m²": "m2", "✅ok": "✅ ok", "🤷\u200d♀️ bof": "🤷 bof",
                             "chargé·e": "chargee", "2×3": "2x3", "ﬁn 𝐆𝐫𝐚𝐭𝐮𝐢𝐭 ＡＢＣ": "fin gratuit abc", "n°12, 20€, l’été…": "n°12, 20€, l’ete…", "🥑 livré→ici": "◇ livre ➡ ici",
                             "merci\U0001fabf😵\u200d💫": "merci ◇ 😩 ◇", "5㎏": "5kg"}.items():
            self.assertEqual(tidy.normalize_str(text).split(), wanted.split(), text)

    def test_no_sign_stands_in_two_groups_and_those_of_a_mood_are_known(self):
        members = [sign for signs, _ in symbols.groups() for sign in signs]
        self.assertEqual(len(members), len(set(members)))
        for signs in symbols.FITTING.values():
            self.assertLessEqual(set(signs), set(members))

    def test_an_older_model_gets_the_signs_with_starting_vectors_from_words(self):
        bare = Tokenizer(WordPiece({"[UNK]": 0, "angry": 1, "furious": 2, "colis": 3}, unk_token="[UNK]"))
        bare.pre_tokenizer = Whitespace()
        torch.manual_seed(4)
        table = torch.randn(4, 8)
        tokenizer, rows = symbols.add_to(bare, table)
        self.assertEqual(tokenizer.encode("colis😡").tokens, ["colis", "😡"])
        self.assertEqual(len(rows), tokenizer.get_vocab_size())
        self.assertTrue(torch.equal(rows[:4], table))
        again, same = symbols.add_to(tokenizer, rows)
        self.assertEqual(again.get_vocab(), tokenizer.get_vocab())
        self.assertTrue(torch.equal(same, rows))

    def test_an_added_sign_leaves_the_words(self):
        rng = random.Random(6)
        for label in (None, *symbols.FITTING):
            self.assertIn("colis", symbols.with_sign("colis", rng, label))


class TwoTeachers(unittest.TestCase):
    def test_the_cosine_of_two_blended_vectors_is_the_mean_of_the_teachers(self):
        torch.manual_seed(6)
        # Six dimensions a teacher, so that cutting both to the twelve of the first loses nothing.
        meaning = torch.randn(200, 6)
        first, second = (F.normalize(meaning @ torch.randn(6, width), dim=-1) for width in (12, 20))
        blended = torch.cat([first, second], 1) / 2**0.5 @ projection(first, second)
        self.assertEqual(blended.shape, first.shape)
        wanted = (first @ first.T + second @ second.T) / 2
        self.assertTrue(torch.allclose(blended @ blended.T, wanted, atol=1e-4))
        # Turned towards the first teacher: nearer to it than to a turn of it.
        self.assertGreater((blended * first).sum(-1).mean().item(), 0.6)

    def test_two_teachers_joined_as_one_share_the_cosine_as_they_are_told(self):
        torch.manual_seed(7)
        meaning = torch.randn(200, 6)
        vectors = [F.normalize(meaning @ torch.randn(6, 12), dim=-1) for _ in range(2)]
        texts = [str(row) for row in range(200)]

        class Known:
            def __init__(self, values: torch.Tensor) -> None:
                self.values = values

            def embed(self, texts: list[str]) -> torch.Tensor:
                return self.values[[int(text) for text in texts]]

        joined = tuned.Joined(Known(vectors[0]), Known(vectors[1]), texts)
        found = joined.embed(texts)
        wanted = (1 - tuned.SHARE) * vectors[0] @ vectors[0].T + tuned.SHARE * vectors[1] @ vectors[1].T
        self.assertTrue(torch.allclose(found @ found.T, wanted, atol=1e-4))
        # Whoever asks for the targets of some texts gets these, and no others are computed.
        texts = [str(row) for row in range(400)]
        wide = Known(F.normalize(torch.randn(400, 384), dim=-1))
        targets = Targets(tuned.Joined(wide, wide, texts), texts)
        self.assertEqual(targets.get([3, 5]).shape, (2, 384))
        self.assertEqual(int(targets.known.sum()), 2)

    def test_people_s_scores_are_learnt_from_each_english_pair_once(self):
        class Scored:
            def sts_train(self) -> list[AlikePair]:
                pair = AlikePair(("a cat", "a dog"), ("a cat", "a dog"), 2.5)
                return [pair, pair, AlikePair(("un chat", "a dog"), ("a cat", "a dog"), 2.5)]

        self.assertEqual(tuned.english_pairs(Scored()), [("a cat", "a dog", 0.5)])

    def test_a_teacher_is_tuned_once_and_half_of_a_run_is_none(self):
        words = [f"w{row}" for row in range(49)]
        tokenizer = Tokenizer(WordLevel({word: row for row, word in enumerate(["[PAD]", *words])}, unk_token="[PAD]"))
        tokenizer.pre_tokenizer = Whitespace()
        texts = [(words[row % 49], words[(row + 1 + row // 49) % 49]) for row in range(98)]
        pairs = [AlikePair(pair, pair, float(row % 6)) for row, pair in enumerate(texts)]
        corpora = types.SimpleNamespace(sts_train=lambda: pairs)
        torch.manual_seed(8)
        teachers = [types.SimpleNamespace(model=Encoder(TINY), tokenizer=tokenizer) for _ in range(2)]
        before = teachers[0].model.state_dict()["embeddings.word_embeddings.weight"].clone()
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            options = types.SimpleNamespace(work=work, seed=1, tuned_steps=8, tuned_minutes=1.0, dropout=0.0)
            torch.save({"weights": {"encoder": {}}}, work / "tuning.pt")
            tuned.tune(options, corpora, teachers[0])
            self.assertFalse(torch.equal(before, teachers[0].model.state_dict()["embeddings.word_embeddings.weight"]))
            self.assertEqual([path.name for path in work.iterdir()], ["tuned.pt"])
            tuned.tune(options, corpora, teachers[1])
        for name, tensor in teachers[0].model.state_dict().items():
            self.assertTrue(torch.equal(tensor, teachers[1].model.state_dict()[name]), name)


class Rules(unittest.TestCase):
    def test_windows_end_with_sentences_and_lose_no_word(self):
        text = "Le colis n'est jamais arrivé (« en cours de livraison. ») Rien.\n" + "mot " * 100 + "fin. Merci."
        parts = windows(text)
        self.assertEqual(" ".join(parts).split(), text.split())
        self.assertTrue(len(parts) > 2 and all(len(part) <= WINDOW for part in parts))
        self.assertTrue(parts[0].endswith("Rien."), parts[0])
        self.assertEqual((windows("Bonjour. Merci !"), windows("")), (["Bonjour. Merci !"], [""]))

    def test_matched_lines_stay_in_one_part(self):
        corpora = Corpora.__new__(Corpora)
        corpora.blocked = set()
        corpora._lines = [{"file": "f", "text": f"text {n}", "pair": n // 2} for n in range(400)]
        parts = [[row["pair"] for row in corpora.own_opinions(part)] for part in ("train", "dev")]
        self.assertEqual(sum(map(len, parts)), 400)
        self.assertFalse(set(parts[0]) & set(parts[1]))
        self.assertTrue(20 <= len(parts[1]) <= 60, len(parts[1]))

    def test_a_file_of_lines_appears_as_often_as_asked(self):
        corpora = Corpora.__new__(Corpora)
        corpora.blocked, corpora.used = set(), {}
        feeling = {"label": "neutral", "emotion": "none"}
        corpora._lines = [{"file": "talk", "en": f"line {n}", "fr": f"ligne {n}", **feeling} for n in range(40)]
        corpora._lines += [{"file": file, "text": f"{file} {n}", **feeling} for file in ("posts", "tweets") for n in range(40)]
        often = Counter(text for text, _, _ in own_rows(corpora, {"opinions": 3, "tweets": 1, "lines": 2}))
        for file, times in (("line", 2), ("ligne", 2), ("posts", 3), ("tweets", 1)):
            self.assertEqual({count for text, count in often.items() if text.split()[0] == file}, {times}, file)
        self.assertEqual(sum(count for use, count in corpora.used["service_lines"]["rows"].items() if use.startswith("sentiment")), len(often))
        with self.assertRaisesRegex(SystemExit, "twets"):
            own_rows(corpora, {"twets": 2})

    def test_the_held_out_part_ignores_case_accents_and_punctuation(self):
        self.assertEqual(key("  Déçu, VRAIMENT !"), "decu vraiment")
        self.assertEqual(bucket("Where is it?", 100), bucket("where is it", 100))

    def test_typing_noise_is_small_and_repeatable(self):
        text = "Je n'ai toujours pas reçu mon colis"
        noisy = [with_typos(text, random.Random(seed)) for seed in range(50)]
        self.assertEqual(noisy, [with_typos(text, random.Random(seed)) for seed in range(50)])
        self.assertGreater(len(set(noisy)), 10)
        self.assertTrue(all(abs(len(n) - len(text)) <= 3 for n in noisy))

    def test_comments_of_two_minds_have_no_polarity(self):
        self.assertEqual(polarity({"joy", "love"}), "positive")
        self.assertEqual(polarity({"anger"}), "negative")
        self.assertIsNone(polarity({"joy", "anger"}))
        self.assertIsNone(polarity({"neutral", "curiosity"}))

    def test_stock_phrases_leave_no_slot_open(self):
        self.assertFalse([text for text, _ in stock_phrases(500, 1) if "{" in text])

    def test_intents_of_one_field_come_first_at_times(self):
        labels = sorted([f"own:bank.{i}" for i in range(20)] + [f"own:travel.{i}" for i in range(20)] + ["clinc:pto"])
        shares = []
        for seed in range(60):
            drawn = draw_labels(labels, 10, random.Random(seed))
            self.assertEqual((len(drawn), len(set(drawn))), (10, 10))
            shares.append(max(sum(label.startswith(field) for label in drawn) for field in ("own:bank", "own:travel")))
        self.assertTrue(20 < shares.count(10) < 40, shares)
        self.assertEqual(sorted(draw_labels(labels, 99, random.Random(1))), labels)

    def test_a_pair_ranked_the_wrong_way_costs_more(self):
        a, b = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        self.assertGreater(ranking_loss(a, b, torch.tensor([1.0, 5.0])), ranking_loss(a, b, torch.tensor([5.0, 1.0])))

    def test_the_temperature_of_overconfident_logits_is_above_one(self):
        torch.manual_seed(4)
        truth = torch.randint(0, 3, (2000,)).numpy()
        logits = torch.randn(2000, 3).numpy()
        logits[range(2000), truth] += 1.0
        self.assertAlmostEqual(fit_temperature(logits, truth), 1.0, delta=0.15)
        self.assertAlmostEqual(fit_temperature(4 * logits, truth), 3.0, delta=0.01)
        self.assertLess(calibration_error(softmax(logits), truth), calibration_error(softmax(4 * logits), truth))


if __name__ == "__main__":
    unittest.main()
