"use strict";
// Search, filters and order of the rows. Rows are drawn in chunks as they come into view; the state is in the address.
(() => {
  const [FOLDER, NAME, PAGE, OK, TAGS, DURATION, SELECTED, CLIPS, BEST, VISUAL, AUDIO, NOTES, ERROR, HINT, CONFIDENCE,
    PICTURE, DOUBT, SEGMENTS, LENGTH] = Array(19).keys();
  const CHUNK = 60;
  const data = JSON.parse(document.getElementById("data").textContent), rows = data.rows;
  const find = (id) => document.getElementById(id);
  const search = find("search"), body = find("rows"), more = find("more"), countText = find("shown");
  const sorters = Array.from(document.querySelectorAll("button[data-sort]"));
  const filters = Array.from(document.querySelectorAll("button[data-status], button[data-tag]"));
  const NONE = { query: "", status: "", tag: null, sort: "", down: false };
  let state = { ...NONE }, matching = [], drawn = 0;

  const status = (row) => (!row[OK] ? "failed" : row[DOUBT] ? "unsure" : "done");
  const path = (row) => row[FOLDER] + row[NAME];
  // The search ignores case, and the ways in which Unicode can compose a character.
  const folded = (text) => text.normalize("NFKC").toUpperCase().toLowerCase().replaceAll("ς", "σ");
  const texts = rows.map((row) =>
    folded([path(row), ...row[TAGS].map((tag) => tag[0]), row[DOUBT] && "unsure", row[ERROR], row[HINT], ...row[NOTES]].join("\n")));

  const digit = (mark) => (mark === "-" ? null : parseInt(mark, 36) / 35);
  const peak = (marks) => [...marks].reduce((most, mark) => Math.max(most, digit(mark) ?? -1), -1);
  const KEYS = {
    path,
    status,
    tag: (row) => (row[TAGS].length && !row[DOUBT] ? row[TAGS][0][0] : null),
    probability: (row) => (row[TAGS].length ? row[TAGS][0][1] : null),
    duration: (row) => row[DURATION],
    clips: (row) => row[SELECTED],
    segments: (row) => row[LENGTH],
    best: (row) => row[BEST],
    saliency: (row) => { const marks = row[VISUAL] || row[AUDIO] || row[CONFIDENCE]; return marks ? peak(marks) : null; },
    notes: (row) => (row[OK] ? row[NOTES].length : null),
  };
  const collator = new Intl.Collator("en", { numeric: true });
  const orders = new Map([["", rows.map((_, at) => at)]]);
  const ordered = (key, down) => {
    const name = key && (down ? "-" : "") + key;
    if (!orders.has(name)) {
      const keys = rows.map(KEYS[key]), sign = down ? -1 : 1;
      const compare = keys.some((k) => typeof k === "string") ? collator.compare : (a, b) => a - b;
      const known = orders.get("").filter((at) => keys[at] !== null), unknown = orders.get("").filter((at) => keys[at] === null);
      orders.set(name, [...known.sort((a, b) => sign * compare(keys[a], keys[b]) || a - b), ...unknown]);
    }
    return orders.get(name);
  };

  const clock = (seconds, digits) => {
    const scale = 10 ** digits, units = Math.round(Math.abs(seconds) * scale), whole = Math.floor(units / scale);
    const two = (n) => String(n).padStart(2, "0"), hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (seconds < 0 && units ? "-" : "") + (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(whole % 60) +
      (digits ? "." + String(units % scale).padStart(digits, "0") : "");
  };
  const counted = (number) => number.toLocaleString("en");
  const percent = (share, digits = 1) => (100 * share).toFixed(digits) + "\u202f%";
  const element = (name, kind, ...inside) => {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    made.append(...inside);
    return made;
  };
  const shape = (name, given, ...inside) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  };
  const bar = (share) => shape("svg", { class: "bar", "aria-hidden": "true" },
    shape("rect", { class: "rest", width: "100%", height: "100%", rx: "3" }),
    shape("rect", { width: (100 * share).toFixed(1) + "%", height: "100%", rx: "3" }));
  const curve = (marks, kind) => {
    let path = "", pen = "M";
    [...marks].forEach((mark, at) => {
      const height = digit(mark);
      if (height !== null) path += pen + at + " " + (22 - 20 * height).toFixed(1) + "h1";
      pen = height === null ? "M" : "L";
    });
    return shape("path", { class: kind, d: path });
  };
  const spark = (row) => {
    const drawn = [["visual", row[VISUAL]], ["audio", row[AUDIO]], ["confidence", row[CONFIDENCE]]].filter(([, marks]) => marks);
    if (!drawn.length) return "–";
    const parts = Math.max(...drawn.map(([, marks]) => marks.length));
    const words = drawn.map(([kind, marks]) => kind + " up to " + Math.max(0, peak(marks)).toFixed(2)).join(", ");
    return shape("svg", { class: "spark", viewBox: `0 0 ${parts} 24`, preserveAspectRatio: "none", role: "img", "aria-label": words },
      ...drawn.map(([kind, marks]) => curve(marks, kind)));
  };

  const linked = (row, kind, second, ...inside) => {
    const link = element(row[PAGE] === null ? "span" : "a", kind, ...inside);
    // the page of the video goes to that second
    if (row[PAGE] !== null) link.href = row[PAGE] + (second === null ? "" : "#t=" + second);
    return link;
  };
  const name = (row) => {
    const link = linked(row, "name", null, element("bdi", "", row[NAME]));
    return row[FOLDER] ? [link, element("small", "soft", element("bdi", "", row[FOLDER]))] : [link];
  };
  const picture = (row) => {
    if (row[PICTURE] === null) return [];
    const image = element("img", "");
    // the name beside it says what it is; it is loaded as it comes into view
    Object.assign(image, { loading: "lazy", alt: "", width: 96, height: 60, src: row[PICTURE] });
    image.addEventListener("error", () => image.remove());
    const link = linked(row, "", null, image);
    link.tabIndex = -1;
    link.setAttribute("aria-hidden", "true");
    return [link];
  };
  const doneWord = document.querySelector("button[data-status=done] bdi").textContent;
  const tagList = (tags) => tags.map(([tag, p]) => tag + " " + percent(p, 0)).join(", ");
  const tag = (row) => {
    const [first, ...others] = row[TAGS];
    if (row[DOUBT]) return [element("span", "doubt", "unsure"), element("small", "soft", row[DOUBT]), element("small", "soft", tagList(row[TAGS]))];
    if (first === undefined) return ["–"];
    return [element("bdi", "", first[0]), element("small", "soft", tagList(others.filter(([, p]) => p >= 0.005)))];
  };
  const CELLS = {
    picture,
    path: name,
    status: (row) => [element("span", status(row), status(row) === "done" ? doneWord : status(row))],
    tag,
    probability: (row) => (row[TAGS].length ? [percent(row[TAGS][0][1]), bar(row[TAGS][0][1])] : ["–"]),
    duration: (row) => [row[DURATION] === null ? "–" : clock(row[DURATION], 0)],
    clips: (row) => [row[SELECTED] === null ? "–" : counted(row[SELECTED]) + " of " + counted(row[CLIPS])],
    segments: (row) => [row[SEGMENTS] === null ? "–" : counted(row[SEGMENTS]) + (row[SEGMENTS] ? " (" + clock(row[LENGTH], 0) + ")" : "")],
    best: (row) => [row[BEST] === null ? "–" : linked(row, "", row[BEST], clock(row[BEST], 2))],
    saliency: (row) => [spark(row)],
    notes: (row) => (row[NOTES].length
      ? [element("details", "", element("summary", "", String(row[NOTES].length)), ...row[NOTES].map((note) => element("p", "small", note)))]
      : ["–"]),
  };
  const labels = new Map(sorters.map((button) => [button.dataset.sort, button.textContent]));
  const cell = (key, inside) => {
    const made = element("td", key, ...inside);
    made.setAttribute("role", "cell");
    made.dataset.label = labels.get(key) || "";
    return made;
  };
  const line = (row) => {
    const made = element("tr", row[OK] ? (row[DOUBT] ? "unsure" : "") : "bad");
    made.setAttribute("role", "row");
    const keys = row[OK] ? data.columns : data.columns.filter((key) => ["picture", "path", "status"].includes(key));
    made.append(...keys.map((key) => cell(key, CELLS[key](row))));
    if (!row[OK]) {
      const error = cell("why", [row[ERROR], ...(row[HINT] ? [element("small", "soft", "Hint: " + row[HINT])] : [])]);
      error.colSpan = data.columns.length - keys.length;
      made.append(error);
    }
    return made;
  };

  const observer = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) draw(CHUNK); }, { rootMargin: "1000px" });
  const draw = (count) => {
    const until = Math.min(matching.length, drawn + count), part = document.createDocumentFragment();
    for (; drawn < until; drawn++) part.append(line(rows[matching[drawn]]));
    body.append(part);
    more.hidden = drawn >= matching.length;
    observer.unobserve(more); // observed again: the new rows may not fill the window yet
    observer.observe(more);
  };
  const matches = () => {
    const words = folded(state.query).split(/\s+/).filter(Boolean), wanted = state.status;
    return ordered(state.sort, state.down).filter((at) => {
      const row = rows[at];
      if (wanted !== "" && status(row) !== wanted) return false;
      if (state.tag !== null && KEYS.tag(row) !== state.tag) return false;
      return words.every((word) => texts[at].includes(word));
    });
  };
  const refresh = () => {
    matching = matches();
    drawn = 0;
    body.replaceChildren();
    draw(CHUNK);
    countText.textContent = (matching.length === rows.length ? "" : counted(matching.length) + " of ") + counted(rows.length) +
      (rows.length === 1 ? " video" : " videos") + (matching.length ? "" : ": nothing matches, Esc clears");
    for (const button of sorters) {
      const head = button.parentElement;
      if (button.dataset.sort === state.sort) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    for (const button of filters) {
      const { status, tag } = button.dataset;
      button.setAttribute("aria-pressed", String(status === undefined ? tag === state.tag : status === state.status));
    }
  };

  const written = () => {
    const parts = new URLSearchParams();
    if (state.query) parts.set("q", state.query);
    if (state.status) parts.set("status", state.status);
    if (state.tag !== null) parts.set("tag", state.tag);
    if (state.sort) parts.set("sort", (state.down ? "-" : "") + state.sort);
    return parts.toString();
  };
  const read = () => {
    const parts = new URLSearchParams(location.hash.slice(1)), sort = parts.get("sort") || "", key = sort.replace(/^-/, "");
    const kind = parts.get("status");
    state = {
      query: parts.get("q") || "",
      status: ["done", "unsure", "failed"].includes(kind) ? kind : "",
      tag: parts.get("tag"),
      sort: data.columns.includes(key) ? key : "",
      down: sort.startsWith("-"),
    };
    search.value = state.query;
    refresh();
  };
  let waiting = 0;
  const change = (changes) => {
    Object.assign(state, changes);
    refresh();
    clearTimeout(waiting); // browsers refuse an address that changes with every key
    waiting = setTimeout(() => history.replaceState(null, "", "#" + written()), 400);
  };
  const clear = () => {
    const { sort, down } = state;
    search.value = "";
    change(state.query ? { query: "" } : { ...NONE, sort, down });
  };

  search.addEventListener("input", () => change({ query: search.value }));
  for (const button of sorters) button.addEventListener("click", () => {
    const key = button.dataset.sort, again = state.sort === key;
    change(again && state.down ? { sort: "", down: false } : { sort: key, down: again });
  });
  for (const button of filters) button.addEventListener("click", () => {
    const { status, tag } = button.dataset;
    change(status === undefined ? { tag: tag === state.tag ? null : tag } : { status });
  });
  more.addEventListener("click", () => draw(CHUNK * 5));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); clear(); search.blur(); }
    const typing = event.target instanceof Element && event.target.matches("input");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); search.select(); }
  });
  addEventListener("hashchange", read);
  addEventListener("beforeprint", () => draw(rows.length));

  find("controls").hidden = false;
  find("list").hidden = false;
  read();
})();
