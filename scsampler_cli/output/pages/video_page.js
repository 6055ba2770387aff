"use strict";
// The player: a click on the chart, on a row of the list or on a picture plays the video at that second, or shows the
// picture of the nearest clip where this browser cannot play it. The cursor of the chart: pointer, keys and links move
// it; the line below the chart shows the numbers of the clip.
(() => {
  const find = (id) => document.getElementById(id);
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
  const clock = (ms) => {
    const units = Math.round(Math.abs(ms) / 10), whole = Math.floor(units / 100), two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (ms < 0 && units ? "-" : "") + (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(whole % 60) + "." + two(units % 100);
  };
  const nearestTo = (list, ms, timeOf) =>
    list.reduce((best, one) => (best === null || Math.abs(timeOf(one) - ms) < Math.abs(timeOf(best) - ms) ? one : best), null);

  // ms are on the clock of the file, as in the record
  const figure = find("player"), video = find("video"), still = find("still"), begin = figure ? Number(figure.dataset.from) : 0;
  const pictures = Array.from(document.querySelectorAll("img[data-at]")), timeOf = (image) => Number(image.dataset.at);
  if (video && video.poster) {
    const first = new Image();
    first.src = video.poster;
    first.dataset.at = video.dataset.at;
    pictures.push(first);
  }
  const items = Array.from(document.querySelectorAll(".playlist a"));
  let reason = figure && !video ? find("cannot").textContent : "", last = begin, wanted = null;
  let onTime = () => {};

  const showStill = (ms) => {
    const found = nearestTo(pictures, ms, timeOf);
    still.hidden = false;
    still.replaceChildren(...(found ? [found.cloneNode()] : []));
    if (found) still.firstChild.alt = "clip at " + clock(timeOf(found));
    find("cannot").textContent = reason + (found ? " The picture is of " + clock(timeOf(found)) + ", the nearest there is." : "");
    find("cannot").parentElement.hidden = false;
  };
  const fail = () => {
    reason = "This browser cannot play the video, or the file is no longer where the page expects it.";
    video.pause();
    video.hidden = true;
    showStill(last);
    onTime(last);
  };
  // The clock of a browser may begin at 0, or where that of the file does: the time of the first frame tells which.
  let shift = begin, isKnown = begin <= 50 || !video || !video.requestVideoFrameCallback;
  const place = () => {
    if (!isKnown || video.readyState < 1) return;
    // a frame's time is rounded: a millisecond later is surely this frame, and not the one before
    if (wanted !== null) video.currentTime = Math.max(0, wanted - shift + 1) / 1000;
    wanted = null;
  };
  const goTo = (ms, plays) => {
    last = ms;
    if (!figure) return;
    if (reason) { showStill(ms); onTime(ms); return; }
    wanted = ms;
    if (video.readyState >= 1) place();
    else if (!plays) { video.preload = "auto"; video.load(); }
    // a failure is reported by the event, too
    if (plays) video.play().catch(() => {});
  };
  const toggle = (ms) => {
    if (!video || reason || !video.currentTime) goTo(ms, true);
    else if (video.paused) video.play().catch(() => {}); else video.pause();
  };
  const inView = () => {
    const box = figure && figure.getBoundingClientRect();
    if (!box || (box.top >= 0 && box.bottom <= innerHeight)) return;
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    figure.scrollIntoView({ behavior: reducedMotion ? "auto" : "smooth", block: "nearest" });
  };
  const follow = () => {
    if (!isKnown) return;
    const ms = 1000 * video.currentTime + shift;
    for (const item of items) {
      const isNow = ms >= Number(item.dataset.from) && ms < Number(item.dataset.to);
      item.classList.toggle("playing", isNow);
      if (isNow) item.setAttribute("aria-current", "true"); else item.removeAttribute("aria-current");
    }
    onTime(ms);
  };
  if (video) {
    video.addEventListener("error", fail);
    // sound alone: the browser lacks the codec of the video
    video.addEventListener("loadedmetadata", () => { if (video.videoWidth) place(); else fail(); });
    if (!isKnown) video.requestVideoFrameCallback((now, frame) => {
      isKnown = true;
      shift = Number(figure.dataset.first) - 1000 * frame.mediaTime;
      place();
    });
    for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, follow);
  } else if (figure) showStill(begin);

  let pinTo = () => {};
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-from]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    pinTo(Number(link.dataset.from), Number(link.dataset.clip));
    goTo(Number(link.dataset.from), true);
    if (figure) inView(); else find("chart").scrollIntoView({ block: "nearest" });
  });
  const fromAddress = () => {
    const second = /^#t=(-?[0-9.]+)$/.exec(location.hash);
    if (!second) return;
    pinTo(1000 * Number(second[1]), -1);
    goTo(1000 * Number(second[1]), false);
  };
  addEventListener("hashchange", fromAddress);

  const block = find("data");
  if (!block) { fromAddress(); return; }
  const data = JSON.parse(block.textContent);
  const track = find("track"), cursor = find("cursor"), playhead = find("playhead"), readout = find("readout");
  const sums = (steps) => { let sum = 0; return steps.map((step) => (sum += step)); };
  const clips = sums(data.clips), starts = sums(data.starts), end = clips.length - 1;
  const positionOf = new Map(clips.map((clip, at) => [clip, at]));
  const selected = Object.keys(data.taken).map(Number).sort((a, b) => a - b);
  const links = Array.from(document.querySelectorAll("a[data-clip]"));
  const outputs = Array.from(document.querySelectorAll(".value[data-lane]"));
  const length = data.to_s - data.from_s, left = (ms) => (100 * (ms / 1000 - data.from_s)) / length + "%";
  const plays = reason ? "shows the picture of the nearest clip" : "plays the video there";
  const instructions = (figure ? "A click on the chart " + plays + ". " : "") + "Point at the chart, tap it, or focus it and press ← → " +
    "(with Shift: the selected clips) to read a clip" + (figure ? "; Enter " + plays + (reason ? "." : ", space pauses.") : ".");
  let pinned = -1, shown = -1;

  const value = (name, at) => {
    if (name === "combined") return 1 - (data.ranks[at] - 1) / Math.max(end, 1);
    const thousandths = data.scores[name][at];
    return thousandths === null ? null : thousandths / 1000;
  };
  const shownScore = (score) => (score === null ? "–" : score.toFixed(3));
  const times = (at) => clock(starts[at]) + "–" + clock(starts[at] + data.lengths[at]);

  const describe = (at) => {
    const names = outputs.map((output) => output.dataset.lane);
    const words = names.map((name) => name + " " + shownScore(value(name, at)));
    if (data.ranks.length) words.push("rank " + data.ranks[at].toLocaleString("en") + " of " + clips.length.toLocaleString("en"));
    const [reason, label, numbers] = data.taken[at] || [null, "", ""];
    if (reason !== null) words.push(reason ? "selected: " + reason : "selected");
    if (numbers) words.push(numbers);
    if (label) words.push("shows " + label);
    const middle = starts[at] + data.lengths[at] / 2, segment = data.segments.find(([from, to]) => middle >= from && middle < to);
    if (segment) words.push("in a segment of " + segment[2]);
    const front = document.createElement("b");
    front.textContent = times(at);
    readout.replaceChildren(front, " clip " + clips[at] + ", " + words.join(", "));
    outputs.forEach((output, i) => { output.textContent = shownScore(value(names[i], at)); });
  };

  const show = (at) => {
    if (at === shown) return;
    shown = at;
    cursor.hidden = at < 0;
    for (const link of links) link.classList.toggle("current", at >= 0 && Number(link.dataset.clip) === clips[at]);
    if (at < 0) {
      readout.textContent = instructions;
      for (const output of outputs) output.textContent = "";
      track.removeAttribute("aria-valuetext");
      return;
    }
    cursor.style.left = left(starts[at]);
    cursor.style.width = data.lengths[at] / 10 / length + "%";
    track.setAttribute("aria-valuenow", String(at + 1));
    track.setAttribute("aria-valuetext", clock(starts[at]));
    describe(at);
  };
  const pin = (at) => { pinned = Math.max(-1, Math.min(end, at)); show(pinned); };

  const msUnder = (event) => {
    const box = track.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
    return 1000 * (data.from_s + Math.max(0, Math.min(1, share)) * length);
  };
  const clipAt = (ms) => {
    let low = 0, high = end;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= ms) low = middle; else high = middle - 1;
    }
    return low;
  };
  const nextSelected = (from, step) => {
    if (step > 0) return selected.find((at) => at > from) ?? from;
    return selected.findLast((at) => at < from) ?? from;
  };

  track.addEventListener("pointermove", (event) => show(clipAt(msUnder(event))));
  track.addEventListener("pointerleave", () => show(pinned));
  // a click, and not the touch before it, which may be the beginning of a scroll
  track.addEventListener("click", (event) => {
    pin(clipAt(msUnder(event)));
    goTo(msUnder(event), true);
    inView();
  });
  track.addEventListener("focus", () => { if (pinned < 0) pin(selected[0] ?? 0); });
  track.addEventListener("keydown", (event) => {
    const from = Math.max(pinned, 0), tenth = Math.max(1, Math.round(end / 10));
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: tenth, PageDown: -tenth }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Home") pin(0);
    else if (event.key === "End") pin(end);
    else if (event.key === "Escape") pin(-1);
    else if (event.key === "Enter") goTo(starts[from], true);
    else if (event.key === " ") toggle(starts[from]);
    else if (step === undefined) return;
    else if (event.shiftKey) pin(nextSelected(pinned, step));
    else pin(Math.max(0, from + step));
    event.preventDefault();
  });
  pinTo = (ms, clip) => pin(positionOf.get(clip) ?? clipAt(ms));
  onTime = (ms) => {
    playhead.hidden = ms < 1000 * data.from_s || ms > 1000 * data.to_s;
    playhead.style.left = left(ms);
  };

  const attributes = { tabindex: "0", role: "slider", "aria-label": "Clips over time", "aria-valuemin": "1", "aria-valuemax": String(end + 1),
                "aria-valuenow": "1", "aria-describedby": "readout" };
  for (const [name, value] of Object.entries(attributes)) track.setAttribute(name, value);
  track.hidden = false;
  readout.hidden = false;
  readout.textContent = instructions;
  fromAddress();
})();
