"""Corpora whose mixtures are files already: tiny trees of the true layouts become lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from pydantic import TypeAdapter

from corpora.signals import voice, write
from separate_cli.data.corpora.musdb18 import VALIDATION
from separate_cli.data.corpus import Corpus
from separate_cli.data.mixing import roots_of
from separate_cli.data.tasks import signals_of
from separate_cli.errors import InputError
from separate_cli.pipeline.stage import StageContext
from separate_cli.specs.corpora import PrepareSpec
from separate_cli.stages import prepare

List = Callable[..., Corpus]


@pytest.fixture
def listed(tmp_path: Path) -> List:
    """List a corpus that lies below ``tmp_path / "data"``."""

    def run(kind: str, role: str, name: str, **fields: Any) -> Corpus:
        section = {"kind": kind, "executor": "local:1", role: {name: {"path": str(tmp_path / "data")}}, **fields}
        spec: Any = TypeAdapter(PrepareSpec).validate_python(section)
        inputs = {key: path for key, (path, _) in spec.sources().items()}
        (tmp_path / "made").mkdir()
        prepare.run(spec, StageContext(tmp_path / "made", inputs))
        return Corpus(tmp_path / "made", roots_of(inputs))

    return run


def tree(root: Path, *names: str, frames: int = 4000, rate: int = 8000, channels: int = 1) -> dict[str, np.ndarray]:
    """Write a sound for each name; what was written."""
    waves = {}
    for number, name in enumerate(names):
        wave = np.rint(32768 * voice(number, frames)) / 32768
        waves[name] = np.tile(wave, (channels, 1)) if channels > 1 else wave[None]
        write(root / name, waves[name].T, rate, subtype="PCM_16")
    return waves


def test_mini_librimix(listed: List, tmp_path: Path) -> None:
    ids = {"train": "103-1-0001_84-2-0002", "val": "61-1-0001_121-2-0002"}
    names = [f"{part}/{s}/{ids[part]}.wav" for part in ids for s in ("mix_clean", "mix_both", "s1", "s2", "noise")]
    waves = tree(tmp_path / "data", *names)
    corpus = listed("minilibrimix", "speech", "minilibrimix")
    (mixture,) = corpus.mixtures("valid")
    assert mixture.speakers == ("61", "121") and mixture.frames == 4000
    np.testing.assert_array_equal(corpus.signal(mixture, "mix_both"), waves[f"val/mix_both/{ids['val']}.wav"])
    assert signals_of(mixture, "sep_noisy") == ("mix_both", ("s1", "s2"))


def test_voicebank_demand_validates_on_its_own_speakers_and_trims(listed: List, tmp_path: Path) -> None:
    for folder, who in (("trainset_28spk", "p226_001"), ("trainset_28spk", "p227_001"), ("testset", "p232_001")):
        tree(tmp_path / "data", f"noisy_{folder}_wav/{who}.wav", frames=4010)
        tree(tmp_path / "data", f"clean_{folder}_wav/{who}.wav")
    corpus = listed("voicebank-demand", "speech", "voicebank")
    assert [corpus.mixtures(part)[0].id for part in ("train", "valid", "test")] == ["p227_001", "p226_001", "p232_001"]
    mixture = corpus.mixtures("test")[0]
    assert mixture.frames == corpus.signal(mixture, "mix_single").shape[1] == 4000
    assert signals_of(mixture, "enh_single") == ("mix_single", ("s1",))


@pytest.mark.parametrize(("reverberant", "folder"), [(True, "ssdata_reverb"), (False, "ssdata")])
def test_fuss(listed: List, tmp_path: Path, reverberant: bool, folder: str) -> None:
    for part, sounds in (("train", 3), ("validation", 0), ("eval", 1)):
        sources = ["background0_sound.wav", *(f"foreground{i}_sound.wav" for i in range(sounds))]
        tree(
            tmp_path / "data" / folder / part,
            "example00000.wav",
            *(f"example00000_sources/{name}" for name in sources),
            rate=16000,
        )
    corpus = listed("fuss", "sounds", "fuss", reverberant=reverberant)
    signals = {part: set(corpus.mixtures(part)[0].signals) for part in ("train", "valid", "test")}
    assert signals["train"] == {"mixture", "bg", "fg0", "fg1", "fg2"}
    assert signals["valid"] == {"mixture", "bg"} and signals["test"] == {"mixture", "bg", "fg0"}
    assert signals_of(corpus.mixtures("test")[0], "sep_sounds") == ("mixture", ("bg", "fg0"))


def test_kinect_wsj_keeps_four_channels(listed: List, tmp_path: Path) -> None:
    name = "01to030v_0.76421_20ga010m_-0.76421.wav"
    tree(tmp_path / "data", *(f"tr/{signal}/{name}" for signal in ("mix", "s1", "s2", "noise")), channels=4, rate=16000)
    corpus = listed("kinect-wsj", "speech", "kinect_wsj")
    (mixture,) = corpus.mixtures("train")
    assert mixture.speakers == ("01t", "20g")
    assert corpus.signal(mixture, "mix_both").shape == (4, 4000)
    assert corpus.signal(mixture, "mix_clean").shape == (4, 4000)


@pytest.mark.parametrize("target", ["early", "image", "source"])
def test_sms_wsj_gives_what_is_asked_for_wherever_its_lists_were_made(
    listed: List, tmp_path: Path, target: str
) -> None:
    kinds = ("speech_source", "speech_reverberation_early", "speech_reverberation_tail")
    names = {kind: [f"{kind}/train_si284/0_a_b_{i}.wav" for i in (0, 1)] for kind in kinds}
    flat = [name for both in names.values() for name in both]
    mono = tree(tmp_path / "data", *names["speech_source"])
    waves = {**tree(tmp_path / "data", *flat[2:], channels=6), **mono}
    tree(tmp_path / "data", "observation/train_si284/0_a_b.wav", "noise/train_si284/0_a_b.wav", channels=6)
    paths = {kind: [f"/another/machine/sms_wsj/{name}" for name in both] for kind, both in names.items()}
    paths["observation"], paths["noise_image"] = "observation/train_si284/0_a_b.wav", "noise/train_si284/0_a_b.wav"  # type: ignore[assignment]
    row = {
        "audio_path": paths,
        "num_samples": {"observation": 4000},
        "offset": [0, 300],
        "speaker_id": ["011", "4ae"],
    }
    (tmp_path / "data" / "sms_wsj.json").write_text(json.dumps({"datasets": {"train_si284": {"0_a_b": row}}}))
    corpus = listed("sms-wsj", "speech", "sms_wsj", target=target)
    (mixture,) = corpus.mixtures("train")
    assert mixture.speakers == ("011", "4ae") and mixture.sample_rate == 8000
    second = {
        "early": waves[names["speech_reverberation_early"][1]],
        "image": waves[names["speech_reverberation_early"][1]] + waves[names["speech_reverberation_tail"][1]],
        "source": np.pad(waves[names["speech_source"][1]], ((0, 0), (300, 0)))[:, :4000],
    }[target]
    np.testing.assert_allclose(corpus.signal(mixture, "s2"), second, atol=1e-7)
    assert corpus.signal(mixture, "mix_both").shape == (6, 4000)
    assert {"s1_reverb", "s2_reverb", "noise"} <= mixture.signals.keys()


def test_librivad_knows_where_speech_is(listed: List, tmp_path: Path) -> None:
    tree(tmp_path / "data", "train/a.wav", "dev/b.wav", "test/c.wav")
    for part, name in (("train", "train/a"), ("dev", "dev/b"), ("test", "test/c")):
        rows = [{"mixture_path": f"/far/away/{name}.wav", "VAD": {"start": [10, 500], "stop": [400, 3000]}}]
        (tmp_path / "data" / f"{part}.json").write_text(json.dumps(rows))
    corpus = listed("librivad", "speech", "librivad")
    assert corpus.mixtures("valid")[0].facts["speech"] == [[10, 400], [500, 3000]]
    assert corpus.mixtures("test")[0].id == "c"


def test_damp_vsep_starts_voice_and_background_where_they_belong(listed: List, tmp_path: Path) -> None:
    waves = tree(tmp_path / "data", "sung/1.wav", "played/1.wav", frames=9000, rate=16000)
    row = {
        "vocal": "sung/1.wav",
        "background": "played/1.wav",
        "original_mix": "none.wav",
        "vocal_start": 0.05,
        "background_start": 0.1,
        "scaler": 0.5,
        "duration": 0.25,
    }
    (tmp_path / "lists").mkdir()
    for name in ("train_singles", "valid", "test"):
        (tmp_path / "lists" / f"{name}_sr16000.json").write_text(json.dumps({f"{name}1": row}))
    corpus = listed("damp-vsep", "music", "damp_vsep", lists=str(tmp_path / "lists"))
    (mixture,) = corpus.mixtures("train")
    vocals = 0.5 * waves["sung/1.wav"][:, 800:4800]
    np.testing.assert_allclose(corpus.signal(mixture, "vocals"), vocals, atol=1e-7)
    np.testing.assert_allclose(
        corpus.signal(mixture, "mixture"), vocals + waves["played/1.wav"][:, 1600:5600], atol=1e-7
    )


def test_avspeech_names_the_faces(listed: List, tmp_path: Path) -> None:
    tree(tmp_path / "data", "audio/x_part0.wav", "audio/y_part1.wav", "mixed/m1.wav", rate=16000)
    for name in ("x_part0", "y_part1"):
        (tmp_path / "data" / "embed").mkdir(exist_ok=True)
        np.save(tmp_path / "data" / "embed" / f"{name}.npy", np.ones((75, 4), np.float32))
    row = "v/x.mp4,v/y.mp4,/a/audio/x_part0.wav,/a/audio/y_part1.wav,m/mixed/m1.wav"
    text = f"video_1,video_2,audio_1,audio_2,mixed_audio\n{row}\n"
    for part in ("train", "val"):
        (tmp_path / "data" / f"{part}.csv").write_text(text)
    corpus = listed("avspeech", "speech", "avspeech")
    (mixture,) = corpus.mixtures("train")
    assert mixture.facts["faces"] == [["avspeech", "embed/x_part0.npy"], ["avspeech", "embed/y_part1.npy"]]
    assert signals_of(mixture, "sep_clean") == ("mix_clean", ("s1", "s2"))


STEMS = ("mixture", "drums", "bass", "other", "vocals")


def test_musdb18_hq_validates_on_the_songs_that_everybody_does(listed: List, tmp_path: Path) -> None:
    songs = {"train": ["A Band - A Song", "ANiMAL - Rockshow"], "test": ["B Band - Another"]}
    for part, names in songs.items():
        tree(tmp_path / "data" / part, *(f"{name}/{stem}.wav" for name in names for stem in STEMS), rate=44100)
    corpus = listed("musdb18", "music", "musdb18")
    assert [corpus.mixtures(part)[0].id for part in ("train", "valid", "test")] == [
        "A Band - A Song",
        "ANiMAL - Rockshow",
        "B Band - Another",
    ]
    assert signals_of(corpus.mixtures("test")[0], "sep_music") == ("mixture", ("vocals", "drums", "bass", "other"))
    assert len(VALIDATION) == 14


def test_musdb18_is_unpacked_from_its_five_streams(listed: List, tmp_path: Path) -> None:
    import av

    path = tmp_path / "data" / "train" / "A Band - A Song.stem.mp4"
    path.parent.mkdir(parents=True)
    rate, tones = 44100, [220 * (i + 1) for i in range(5)]
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("aac", rate=rate, layout="stereo") for _ in tones]
        for block in range(40):
            time = (1024 * block + np.arange(1024)) / rate
            for stream, tone in zip(streams, tones, strict=True):
                wave = np.tile(0.3 * np.sin(2 * np.pi * tone * time), (2, 1)).astype(np.float32)
                frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="stereo")
                frame.sample_rate, frame.pts = rate, 1024 * block
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    corpus = listed("musdb18", "music", "musdb18")
    (mixture,) = corpus.mixtures("train")
    for stem, tone in zip(STEMS, tones, strict=True):
        wave = corpus.signal(mixture, stem)
        assert wave.shape == (2, mixture.frames) and mixture.frames > 38 * 1024
        spectrum = np.abs(np.fft.rfft(wave[0, 4096:28672]))
        assert np.argmax(spectrum) * rate / 24576 == pytest.approx(tone, abs=3)
    assert soundfile.info(corpus.folder / "train" / "A Band - A Song" / "bass.wav").subtype == "PCM_16"


def test_files_that_do_not_fit_together_are_named(listed: List, tmp_path: Path) -> None:
    tree(tmp_path / "data" / "ssdata_reverb" / "train", "example1.wav", frames=4000)
    tree(tmp_path / "data" / "ssdata_reverb" / "train", "example1_sources/background0_sound.wav", frames=3000)
    with pytest.raises(InputError, match=r"example1 .* do not fit together: mixture 4000 at 8000 Hz, bg 3000"):
        listed("fuss", "sounds", "fuss")


def test_an_empty_folder_says_how_the_corpus_should_look(listed: List, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(InputError, match="There are no mixtures in"):
        listed("kinect-wsj", "speech", "kinect_wsj")
