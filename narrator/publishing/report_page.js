"use strict";
(() => {
  const STEP_S = 5, STRIDE_S = 30;
  const player = document.querySelector(".player");
  const audio = player.querySelector("audio");
  const [title, clock] = player.querySelector("p").children;
  const words = player.querySelectorAll("p")[1];
  const chapters = new Map();
  let current = null;
  let source = "";

  const shown = (seconds) => {
    const whole = Math.floor(seconds);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };

  /** What the script needs of a chapter, looked up when it is first pointed at. */
  const chapterOf = (article) => {
    if (!chapters.has(article)) {
      const wave = article.querySelector(".wave");
      const make = (name) => {
        const bar = wave.appendChild(document.createElement("div"));
        bar.className = name;
        bar.hidden = true;
        return bar;
      };
      chapters.set(article, {
        article, wave, over: make("over"), head: make("head"),
        said: article.querySelector(".said"),
        name: article.querySelector("h3").textContent,
        from: Number(article.dataset.from),
        length: Number(article.dataset.length),
        segments: Array.from(article.querySelectorAll("li"), (item) => ({
          item, start: Number(item.dataset.a), end: Number(item.dataset.b),
          text: item.querySelector("span").textContent,
          remarks: Array.from(item.querySelectorAll("mark"), (mark) => mark.textContent).join(", "),
        })),
      });
    }
    return chapters.get(article);
  };

  const segmentAt = (chapter, seconds) => {
    let low = 0, high = chapter.segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (chapter.segments[middle].start <= seconds) low = middle + 1; else high = middle;
    }
    return chapter.segments[Math.max(low - 1, 0)];
  };

  const pointAt = (chapter, seconds) => {
    const segment = segmentAt(chapter, seconds);
    if (!segment) return;
    const share = (at) => `${(100 * at) / chapter.length}%`;
    chapter.over.hidden = false;
    chapter.over.style.left = share(segment.start);
    chapter.over.style.width = share(segment.end - segment.start);
    const times = `${shown(segment.start)} to ${shown(segment.end)}`;
    chapter.said.textContent = [times, segment.remarks, segment.text].filter(Boolean).join(" · ");
  };

  const heard = () => {
    if (!current || audio.error) return;
    const seconds = Math.min(Math.max(audio.currentTime - current.from, 0), current.length);
    const segment = segmentAt(current, seconds);
    const text = segment ? segment.text : "";
    current.head.hidden = false;
    current.head.style.left = `${(100 * seconds) / current.length}%`;
    current.wave.setAttribute("aria-valuenow", seconds.toFixed(0));
    current.wave.setAttribute("aria-valuetext", `${shown(seconds)}: ${text}`);
    clock.textContent = `${shown(seconds)} of ${shown(Math.round(current.length))}`;
    if (words.textContent !== text) words.textContent = text;
    if (segment && !segment.item.classList.contains("now")) {
      for (const old of document.querySelectorAll("li.now")) old.classList.remove("now");
      segment.item.classList.add("now");
      pointAt(current, seconds);
    }
  };

  const choose = (chapter) => {
    if (current && current !== chapter) {
      current.head.hidden = true;
      current.over.hidden = true;
    }
    current = chapter;
    title.textContent = chapter.name;
    title.lang = words.lang = chapter.said.lang;
    words.classList.remove("trouble");
    player.hidden = false;
  };

  const play = (article, seconds) => {
    if (!article.dataset.src) return;
    const chapter = chapterOf(article);
    choose(chapter);
    if (source !== article.dataset.src || audio.error) {
      source = article.dataset.src;
      audio.src = source;
    }
    audio.currentTime = chapter.from + Math.min(Math.max(seconds, 0), chapter.length);
    audio.play().catch((error) => {
      if (error.name !== "AbortError") trouble();
    });
    heard();
  };

  const trouble = () => {
    words.classList.add("trouble");
    words.textContent = "This browser cannot play the file: is it still where it was, beside this page?";
  };

  /** A file may hold several chapters: which of them is heard now. */
  const follow = () => {
    if (!current) return;
    const at = audio.currentTime;
    if (at < current.from || at >= current.from + current.length) {
      const here = Array.from(document.querySelectorAll(".chapter")).find((each) =>
        each.dataset.src === source && at >= Number(each.dataset.from) &&
        at < Number(each.dataset.from) + Number(each.dataset.length));
      if (here) choose(chapterOf(here));
    }
    heard();
  };

  const secondsAt = (chapter, event) => {
    const box = chapter.wave.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * chapter.length;
  };

  const position = (chapter) => (current === chapter ? audio.currentTime - chapter.from : 0);

  const keys = {
    ArrowRight: (at) => at + STEP_S, ArrowUp: (at) => at + STEP_S,
    ArrowLeft: (at) => at - STEP_S, ArrowDown: (at) => at - STEP_S,
    PageUp: (at) => at + STRIDE_S, PageDown: (at) => at - STRIDE_S,
    Home: () => 0, End: (at, length) => length - 1,
  };

  for (const wave of document.querySelectorAll(".wave")) {
    const article = wave.closest(".chapter");
    if (!article.dataset.src) continue;
    wave.dataset.plays = "";
    wave.tabIndex = 0;
    const said = `${article.querySelector("h3").textContent}. ${wave.getAttribute("aria-label")}`;
    const about = { role: "slider", "aria-label": said, "aria-valuemin": 0, "aria-valuenow": 0,
      "aria-valuemax": Math.round(article.dataset.length), "aria-valuetext": "0:00" };
    for (const [name, value] of Object.entries(about)) wave.setAttribute(name, value);
  }

  document.addEventListener("click", (event) => {
    const begin = event.target.closest(".play, .chapter li button, .wave[data-plays]");
    if (!begin || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const article = begin.closest(".chapter") || document.getElementById(`c${begin.dataset.c}`);
    if (begin.matches(".wave")) play(article, secondsAt(chapterOf(article), event));
    else play(article, Number(begin.dataset.t ?? begin.closest("li").dataset.a));
  });
  document.addEventListener("pointermove", (event) => {
    const wave = event.target.closest?.(".wave");
    if (!wave) return;
    const chapter = chapterOf(wave.closest(".chapter"));
    pointAt(chapter, secondsAt(chapter, event));
  });
  document.addEventListener("keydown", (event) => {
    const wave = event.target.closest?.(".wave[data-plays]");
    if (!wave || event.ctrlKey || event.metaKey || event.altKey) return;
    const chapter = chapterOf(wave.closest(".chapter"));
    const at = position(chapter);
    if (event.key === "Enter" || event.key === " ") {
      if (current === chapter && !audio.paused) audio.pause(); else play(chapter.article, at);
    } else if (keys[event.key]) {
      play(chapter.article, keys[event.key](at, chapter.length));
    } else {
      return;
    }
    event.preventDefault();
  });
  audio.addEventListener("timeupdate", follow);
  audio.addEventListener("seeked", follow);
  audio.addEventListener("error", () => source && trouble());
})();
