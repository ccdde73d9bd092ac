"""Handles of every kind through load_module, and collections made with them."""

from __future__ import annotations

import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import semsearch
from semsearch.cli.main import main
from semsearch.errors import ModuleError
from semsearch.modules import load_module
from semsearch.modules.card import SAME_SIGNATURE
from semsearch.modules.catalogue import FROM_HUB
from semsearch.modules.handles import parse_handle
from semsearch.modules.handles.cache import Cache, Fetched, Request
from semsearch.modules.handles.policy import Policy
from semsearch.modules.inventory import add_module
from semsearch.modules.local_features import LocalModule, match
from semsearch.modules.runtime import import_tensorflow
from tests.hub import small_models, small_transformers

pytestmark = [pytest.mark.tensorflow]

TEXTS = ["the soup was cold", "a warm bowl of soup", "shoes"]
ONLINE, OFFLINE = Policy(offline=False), True


def put_into_cache(source: str, module: Path) -> None:
    """Fill the cache as a download of `source` would have."""

    def fetch(content: Path, _work: Path) -> Fetched:
        shutil.copytree(module, content, dirs_exist_ok=True)
        return Fetched(source, None)

    Cache().keep(Request(source, fetch), ONLINE)


def pack(folder: Path, archive: Path) -> None:
    """Write the files of a folder into a zip."""
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.rglob("*"):
            packed.write(file, file.relative_to(folder))


@pytest.fixture
def picture() -> Image.Image:
    noise = np.random.default_rng(3).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    return Image.fromarray(noise)


STAND_INS: dict[str, Callable[[Path], Path]] = {
    "use": lambda folder: small_models.text_module(folder, dim=512),
    "use-large": lambda folder: small_models.text_module(folder, dim=512),
    "nnlm-en-dim128": small_models.nnlm_module,
    "nnlm-de-dim128": small_models.nnlm_module,
    "nnlm-es-dim128": small_models.nnlm_module,
    "nnlm-ja-dim128": small_models.nnlm_module,
    "wiki-words-250": lambda folder: small_models.nnlm_module(folder, dim=250),
    "inception-v3": lambda folder: small_models.image_module(folder, size=299, dim=2048),
    "nasnet-large": lambda folder: small_models.image_module(folder, size=331, dim=4032),
}


def test_every_name_of_the_hub_has_a_stand_in_here() -> None:
    assert {*STAND_INS, "bert-en", "roberta-en", "delf"} == set(FROM_HUB)


@pytest.mark.parametrize("name", STAND_INS)
def test_a_name_of_the_hub_loads_from_the_cache_with_the_card_of_the_catalogue(
    name: str, tmp_path: Path, picture: Image.Image
) -> None:
    known = FROM_HUB[name]
    put_into_cache(known.handle, STAND_INS[name](tmp_path / "module"))
    module = load_module(name, offline=OFFLINE)
    contents = TEXTS if known.card.modality == "text" else [picture]
    vectors = module.encode(contents)
    assert vectors.shape == (len(contents), known.card.dim)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    card = module.card
    assert (card.name, card.licence, card.checked) == (name, known.card.licence, SAME_SIGNATURE)
    assert (card.image_size, card.languages) == (known.card.image_size, known.card.languages)
    assert len(card.digest) == 64


PAIRS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Path]]] = {
    "bert-en": (small_transformers.bert_preprocess, small_transformers.bert_encoder),
    "roberta-en": (
        small_transformers.roberta_preprocess,
        lambda folder: small_transformers.bert_encoder(
            folder, names=("input_word_ids", "input_mask")
        ),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_of_the_hub_loads_by_name_and_takes_options(name: str, tmp_path: Path) -> None:
    pair = parse_handle(FROM_HUB[name].handle).pair()
    assert pair is not None
    for part, make, folder in zip(pair, PAIRS[name], ("words", "layers"), strict=True):
        put_into_cache(part.source, make(tmp_path / folder))
    mean = load_module(name, offline=OFFLINE).encode(TEXTS)
    first = load_module(f"{name}#pooling=cls&layer=0", offline=OFFLINE).encode(TEXTS)
    assert mean.shape == first.shape
    assert not np.allclose(mean, first)


def test_delf_finds_local_features_and_makes_no_collection(
    tmp_path: Path, picture: Image.Image
) -> None:
    put_into_cache(FROM_HUB["delf"].handle, small_models.delf_module(tmp_path / "module"))
    module = load_module("delf", offline=OFFLINE)
    assert isinstance(module, LocalModule)
    [found] = module.local_features([picture], max_features=50)
    assert found.locations.shape[1:] == (2,)
    assert found.descriptors.shape == (len(found.scores), 40)
    assert len(match(found, found)) <= len(found.scores) <= 50
    with pytest.raises(ModuleError, match="many vectors a picture"):
        module.encode([picture])
    with pytest.raises(ModuleError, match="many vectors a picture"):
        semsearch.create(tmp_path / "places", module="delf")
    assert not (tmp_path / "places").exists()


def test_one_module_is_the_same_as_folder_archive_and_zip(tmp_path: Path) -> None:
    folder = small_models.text_module(tmp_path / "module")
    with tarfile.open(tmp_path / "module.tar.gz", "w:gz") as tar:
        tar.add(folder, arcname="module")
    pack(folder, tmp_path / "module.zip")
    modules = [load_module(str(tmp_path / f"module{end}")) for end in ("", ".tar.gz", ".zip")]
    first, *others = (module.encode(TEXTS) for module in modules)
    assert all(np.array_equal(first, other) for other in others)
    assert len({module.card.digest for module in modules}) == 1
    assert load_module(str(folder)) is modules[0]


def test_threads_that_want_one_module_get_the_same_one(tmp_path: Path) -> None:
    folder = small_models.text_module(tmp_path / "module")
    with ThreadPoolExecutor(4) as pool:
        modules = list(pool.map(lambda _: load_module(str(folder)), range(8)))
    assert len({id(module) for module in modules}) == 1


def test_files_exchanged_after_loading_are_not_run(tmp_path: Path) -> None:
    def act(tf, texts):
        tf.io.write_file(str(tmp_path / "stolen"), texts[0])
        return 0

    folder = small_models.text_module(tmp_path / "module")
    module = load_module(str(folder))
    shutil.rmtree(folder)
    small_models.module_doing(folder, act)
    for use in (lambda: module.encode(TEXTS), lambda: module.export(tmp_path / "out")):
        with pytest.raises(ModuleError, match="have changed since they were checked"):
            use()
    assert not (tmp_path / "stolen").exists()


def test_an_update_that_is_refused_leaves_the_old_module_as_it_was(
    tmp_path: Path,
) -> None:
    def act(tf, texts):
        tf.io.write_file(str(tmp_path / "stolen"), texts[0])
        return 0

    archive = tmp_path / "module.zip"
    pack(small_models.text_module(tmp_path / "good"), archive)
    before = load_module(str(archive)).card.digest
    pack(small_models.module_doing(tmp_path / "bad", act), archive)
    with pytest.raises(ModuleError, match="WriteFile"):
        add_module(str(archive), Policy(offline=False, update=True))
    archive.unlink()
    assert load_module(str(archive)).card.digest == before
    assert not (tmp_path / "stolen").exists()


def test_a_collection_of_a_foreign_module_opens_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_models.text_module(tmp_path / "module")
    monkeypatch.chdir(tmp_path)
    with semsearch.create("reviews", module="module") as made:
        made.add(TEXTS)
    monkeypatch.chdir("/")
    with semsearch.open(tmp_path / "reviews") as opened:
        assert opened.search("the soup was cold", k=1)[0].text == TEXTS[0]
        assert opened.info()["module"]["signature"]


@pytest.fixture
def fussy(tmp_path: Path) -> Path:
    """A text module that has no vector for texts that begin with odd."""
    tf = import_tensorflow()
    root = tf.Module()

    def embed(texts):
        is_odd = tf.cast(tf.strings.regex_full_match(texts, "odd.*"), tf.int32)
        return tf.gather(tf.constant([[1.0, 2.0], [0.0, 0.0]]), is_odd)

    spec = [tf.TensorSpec([None], tf.string, name="texts")]
    root.embed = tf.function(embed, input_signature=spec, autograph=False)
    return small_models.save(tmp_path / "fussy", root, {"serving_default": root.embed})


def test_a_row_that_the_module_refuses_while_it_runs_is_skipped_and_told(
    tmp_path: Path, fussy: Path
) -> None:
    texts = ["one", "odd two", "three", "four", "odd five"]
    with semsearch.create(tmp_path / "reviews", module=str(fussy)) as made:
        report = made.add(texts)
        assert (report.added, len(made)) == (3, 3)
        assert [(skip.row, "zero vector" in skip.reason) for skip in report.skipped] == [
            (2, True),
            (5, True),
        ]
        assert made.add(["odd six"]).added == 0
        with pytest.raises(semsearch.SemsearchError, match="row 1.*zero vector"):
            made.add(["odd seven"], on_error="stop")


def test_index_takes_a_relative_folder_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_models.text_module(tmp_path / "models" / "reviews")
    (tmp_path / "reviews.csv").write_text("text\nthe soup was cold\nshoes\n")
    monkeypatch.chdir(tmp_path)
    words = ["index", "rows", "reviews.csv", "--text", "text", "--module", "models/reviews"]
    for _ in range(2):
        result = CliRunner().invoke(main, [*words, "--json"])
        assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["unchanged"] == 2
    assert "models/reviews" in CliRunner().invoke(main, ["info", "rows"]).stdout


def test_a_collection_whose_module_is_gone_says_so(tmp_path: Path) -> None:
    folder = small_models.text_module(tmp_path / "module")
    with semsearch.create(tmp_path / "reviews", module=str(folder)) as made:
        made.add(TEXTS)
    shutil.rmtree(folder)
    with (
        semsearch.open(tmp_path / "reviews") as opened,
        pytest.raises(ModuleError, match="the module that made the collection 'reviews' cannot"),
    ):
        opened.search("soup")


def test_a_collection_refuses_a_module_whose_content_has_changed(tmp_path: Path) -> None:
    folder = small_models.text_module(tmp_path / "module", dim=16)
    with semsearch.create(tmp_path / "reviews", module=str(folder)) as made:
        made.add(TEXTS)
    shutil.rmtree(folder)
    small_models.text_module(tmp_path / "module", dim=24)
    with semsearch.open(tmp_path / "reviews") as opened, pytest.raises(ModuleError) as info:
        opened.search("soup")
    assert "module" in info.value.problem and info.value.remedy


def test_a_module_with_risks_needs_trust_once(tmp_path: Path) -> None:
    def act(tf, texts):
        tf.io.write_file(str(tmp_path / "stolen"), texts[0])
        return 0

    folder = small_models.module_doing(tmp_path / "module", act)
    with pytest.raises(ModuleError, match="WriteFile"):
        load_module(str(folder))
    assert not (tmp_path / "stolen").exists()
    load_module(str(folder), trust=True)
    load_module(str(folder)).encode(TEXTS)
    assert (tmp_path / "stolen").exists()
