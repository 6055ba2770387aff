"use strict";
// One player for all found clips: a click on a card plays its video from the start of the clip and stops at the end of
// the clip; a second click plays on. Nothing is loaded before a click.
(() => {
  const find = (id) => document.getElementById(id);
  addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
  const figure = find("player"), video = find("video"), cards = Array.from(document.querySelectorAll("a.card"));
  if (!figure) return;

  // Times are milliseconds on the clock of the file. The clock of a browser may begin at 0, or where that of the file
  // does: the time of the first frame tells which.
  let current = null, wanted = null, placed = null, stop = null, shift = 0, isKnown = true;
  // true after a click on the current card: the next one plays on
  let isStarted = false;
  const place = () => {
    if (!isKnown || wanted === null || video.readyState < 1) return;
    // a frame's time is rounded: a millisecond later is surely this frame, and not the one before
    placed = Math.max(0, wanted - shift + 1) / 1000;
    video.currentTime = placed;
    wanted = null;
  };
  const stopAtEnd = () => {
    if (stop === null || wanted !== null || 1000 * video.currentTime + shift < stop) return;
    video.pause();
    stop = null;
  };
  const fail = () => {
    video.pause();
    find("cannot").textContent = "This browser cannot play the video, or the file is no longer where the page expects it.";
  };
  const open = (card) => {
    const source = card.href.split("#")[0], first = Number(card.dataset.first), image = card.querySelector("img");
    if (video.src !== source) {
      find("cannot").textContent = "";
      shift = 0;
      isKnown = Math.abs(first) <= 50 || !video.requestVideoFrameCallback;
      video.poster = image ? image.src : "";
      video.src = source;
    }
    wanted = Number(card.dataset.from);
    stop = Number(card.dataset.to);
    for (const other of cards) {
      other.classList.toggle("current", other === card);
      if (other === card) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
    }
    find("open").href = card.href;
    find("open").hidden = false;
    current = card;
  };
  const play = (card) => {
    const playsOn = card === current && isStarted && !video.ended && !find("cannot").textContent;
    isStarted = !playsOn;
    if (playsOn) stop = null; else open(card);
    find("playing").textContent = card.querySelector(".seen").textContent + ", " + card.querySelector("b").textContent + ".";
    place();
    // a failure is reported by the event, too
    video.play().catch(() => {});
  };

  video.addEventListener("error", fail);
  // sound alone: the browser lacks the codec of the video
  video.addEventListener("loadedmetadata", () => { if (video.videoWidth) place(); else fail(); });
  video.addEventListener("timeupdate", stopAtEnd);
  // the viewer went to another second by the controls: from there it plays on
  video.addEventListener("seeking", () => { if (Math.abs(video.currentTime - placed) > 0.05) stop = null; });
  // every frame, where the browser reports them: `timeupdate` comes four times a second
  const watch = (now, frame) => {
    if (!isKnown && video.readyState >= 1) {
      isKnown = true;
      shift = Number(current.dataset.first) - 1000 * frame.mediaTime;
      place();
    }
    stopAtEnd();
    video.requestVideoFrameCallback(watch);
  };
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(watch);
  document.addEventListener("click", (event) => {
    const card = event.target.closest("a.card");
    if (!card || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    play(card);
  });

  // the controls of the player play the best clip
  open(cards[0]);
  figure.hidden = false;
})();
