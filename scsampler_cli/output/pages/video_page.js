"use strict";
// The cursor of the chart: pointer, keys and thumbnails move it; the line below the chart shows the numbers of the clip.
(() => {
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
  const block = document.getElementById("data");
  if (!block) return;
  const data = JSON.parse(block.textContent);
  const track = document.getElementById("track"), cursor = document.getElementById("cursor");
  const readout = document.getElementById("readout");
  const sums = (steps) => { let sum = 0; return steps.map((step) => (sum += step)); };
  const clips = sums(data.clips), starts = sums(data.starts), last = clips.length - 1;
  const positionOf = new Map(clips.map((clip, at) => [clip, at]));
  const selected = Object.keys(data.taken).map(Number).sort((a, b) => a - b);
  const links = Array.from(document.querySelectorAll("a[data-clip]"));
  const outputs = Array.from(document.querySelectorAll(".value[data-lane]"));
  const instructions = "Move over the chart, tap it, or focus it and press ← → (with Shift: the selected clips) to read a clip.";
  let pinned = -1, shown = -1;

  const clock = (ms) => {
    const units = Math.round(Math.abs(ms) / 10), whole = Math.floor(units / 100), two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (ms < 0 && units ? "-" : "") + (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(whole % 60) + "." + two(units % 100);
  };
  const value = (name, at) => {
    if (name === "combined") return 1 - (data.ranks[at] - 1) / Math.max(last, 1);
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
    const length = data.to_s - data.from_s;
    cursor.style.left = (100 * (starts[at] / 1000 - data.from_s)) / length + "%";
    cursor.style.width = data.lengths[at] / 10 / length + "%";
    track.setAttribute("aria-valuenow", String(at + 1));
    track.setAttribute("aria-valuetext", clock(starts[at]));
    describe(at);
  };
  const pin = (at) => { pinned = Math.max(-1, Math.min(last, at)); show(pinned); };

  const clipUnder = (event) => {
    const box = track.getBoundingClientRect();
    const ms = 1000 * (data.from_s + ((event.clientX - box.left) / box.width) * (data.to_s - data.from_s));
    let low = 0, high = last;
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

  track.addEventListener("pointermove", (event) => show(clipUnder(event)));
  track.addEventListener("pointerdown", (event) => pin(clipUnder(event)));
  track.addEventListener("pointerleave", () => show(pinned));
  track.addEventListener("focus", () => { if (pinned < 0) pin(selected[0] ?? 0); });
  track.addEventListener("keydown", (event) => {
    const from = Math.max(pinned, 0), tenth = Math.max(1, Math.round(last / 10));
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: tenth, PageDown: -tenth }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Home") pin(0);
    else if (event.key === "End") pin(last);
    else if (event.key === "Escape") pin(-1);
    else if (step === undefined) return;
    else if (event.shiftKey) pin(nextSelected(pinned, step));
    else pin(Math.max(0, from + step));
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-clip]");
    const at = link ? positionOf.get(Number(link.dataset.clip)) : undefined;
    if (at === undefined) return;
    event.preventDefault();
    pin(at);
    track.focus({ preventScroll: true });
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.getElementById("timeline").scrollIntoView({ behavior: reducedMotion ? "auto" : "smooth", block: "nearest" });
  });

  const attributes = { tabindex: "0", role: "slider", "aria-label": "Clips over time", "aria-valuemin": "1", "aria-valuemax": String(last + 1),
                "aria-valuenow": "1", "aria-describedby": "readout" };
  for (const [name, value] of Object.entries(attributes)) track.setAttribute(name, value);
  track.hidden = false;
  readout.hidden = false;
  readout.textContent = instructions;
})();
