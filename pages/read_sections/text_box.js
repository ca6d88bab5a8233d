// The workbench's box: every keystroke goes to the reader, one question at a time, and the newest answer is shown.
// It holds no truth of its own: the word, its reading and whether it is accepted come from Python as `data`.

const SLOW = 300; // ms without an answer before a sign is shown
const DOUBTED = 0.02; // a confidence below says that the picture contradicts what was typed
const FINISHED = 4; // letters typed, from which on a word may be meant as it stands
const LOST = 4000; // ms after which an answer is no longer waited for

export default function (component) {
  const root = component.parentElement;
  const bench = (root.bench ??= new Bench(root));
  bench.component = component;
  bench.take(component.data);
}

const WILD = /(^|[^\\])(\\\\)*\?/;
const plain = (typed) => typed.replace(/^\s+/, "").replace(/\\(.)/g, "$1");

class Bench {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.root = root;
    this.input = this.find("input");
    this.number = Date.now(); // rises over remounts too
    this.asking = 0; // number of the question under way
    this.boxes = true;
    this.columns = false;
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.find(".accept").onclick = () => this.accept();
    this.find(".undo").onclick = () => this.act("undo");
    this.find(".exact").onclick = () => this.act("exact");
    this.find(".back").onclick = () => this.act("back");
    this.find(".next").onclick = () => this.act("next");
    this.find(".show-boxes").onclick = () => this.toggle("boxes");
    this.find(".show-columns").onclick = () => this.toggle("columns");
    root.addEventListener("keydown", (event) => {
      if (event.target !== this.input && this.chosen(event, true)) event.preventDefault();
    });
  }

  // What Python says: another word, or an answer about this one.
  take(data) {
    const first = !this.data;
    const settled = this.moving && data.done >= this.acted;
    const other = first || settled || this.data.id !== data.id;
    this.data = data;
    if (this.asking && data.number >= this.asking) this.answered();
    if (other) {
      const early = settled ? this.input.value : ""; // typed while the next word was on its way
      this.moving = this.wish = false;
      this.input.value = early || data.typed;
      if (early && early !== data.typed) this.typed();
      if (first && document.activeElement === document.body && matchMedia("(pointer: fine)").matches) {
        this.input.focus({ preventScroll: true });
      }
    }
    this.draw();
    if (this.wish && !this.asking && this.current()) this.accept();
  }

  typed() {
    this.dirty = true;
    this.ghost();
    this.ask();
  }

  ask() {
    if (this.asking || this.moving || !this.dirty) return;
    this.dirty = false;
    this.asking = ++this.number;
    this.askedAt = performance.now();
    const field = this.find(".field");
    clearTimeout(this.slow);
    this.slow = setTimeout(() => {
      field.classList.add("waiting");
      this.slow = setTimeout(() => { this.answered(); }, LOST - SLOW);
    }, SLOW);
    this.component.setStateValue("typed", { id: this.data.id, text: this.text(), number: this.asking });
  }

  answered() {
    clearTimeout(this.slow);
    this.find(".field").classList.remove("waiting");
    this.asking = 0;
    if (this.dirty) this.ask();
  }

  text() {
    return this.input.value.replace(/^\s+/, "");
  }

  current() {
    return this.data.typed === this.text();
  }

  act(what, text = "") {
    if (this.moving) return;
    this.moving = true;
    this.acted = ++this.number;
    this.asking = 0;
    const mine = this.acted;
    setTimeout(() => { if (this.acted === mine) this.moving = false; }, LOST);
    const typed = this.text();
    this.input.value = "";
    this.dirty = false;
    this.component.setTriggerValue("act", { what, text, typed, id: this.data.id, number: this.acted });
  }

  accept() {
    if (this.asking || !this.current()) { // accepted once it is answered
      this.wish = this.dirty = true;
      this.ask();
      return;
    }
    this.wish = false;
    if (this.data.accepted !== null) this.move("next");
    else if (this.adds()) this.askFirst();
    else if (this.data.ready && !this.data.problem) this.act("accept", this.data.text);
  }

  // Whether the reader would add letters to a word that looks finished, though the picture does not show them.
  adds() {
    const text = this.text(), whole = this.data.text;
    if (!this.data.ready || this.data.problem || !text || WILD.test(text) || plain(text) === whole) return false;
    if (this.asked === this.question()) return false;
    return this.data.confidence < DOUBTED && plain(text).length >= Math.max(FINISHED, whole.length / 2);
  }

  question() {
    return JSON.stringify([this.data.id, this.text(), this.data.text]);
  }

  askFirst() {
    const text = plain(this.text());
    this.asked = this.question();
    this.find(".doubted").textContent =
      `The picture does not show “${this.data.text}”. Accept it once more, or take only “${text}”.`;
  }

  chosen(event, outside) {
    const place = event.code.match(/^(?:Digit|Numpad)([1-5])$/)?.[1];
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    const other = this.data.others[place - 1];
    const number = [this.data.text, ...this.data.others.map((one) => one.text)].some((text) => /\d/.test(text));
    if (!other || !(event.altKey || outside || (!this.input.value && !number))) return false;
    this.act("accept", other.text);
    return true;
  }

  key(event) {
    if (event.isComposing) return;
    const done = () => event.preventDefault();
    if (this.chosen(event, false)) done();
    else if (event.key === "Enter" && event.repeat) done(); // held down: answers no question
    else if (event.key === "Enter") { done(); event.shiftKey ? this.exact() : this.accept(); }
    else if (event.key === "Escape") { done(); this.set(""); }
    else if (event.key === "Tab" && !event.shiftKey && this.completion() !== null) { done(); this.set(this.completion()); }
    else if (event.key === "ArrowDown" || (event.altKey && event.key === "ArrowRight")) { done(); this.move("next"); }
    else if (event.key === "ArrowUp" || (event.altKey && event.key === "ArrowLeft")) { done(); this.move("back"); }
    else if (event.key === "z" && (event.ctrlKey || event.metaKey) && !this.input.value) { done(); this.act("undo_last"); }
  }

  move(where) {
    if (this.data.total > 1) this.act(where);
  }

  exact() {
    if (this.text() && !WILD.test(this.text())) this.act("exact");
  }

  set(text) {
    if (this.input.value === text) return;
    this.input.value = text;
    this.typed();
  }

  // The whole reading, as it would stand in the box; null where the box has it already.
  completion() {
    const text = this.text(), whole = this.data.text;
    if (!this.data.ready || !whole || plain(text) === whole) return null;
    const fits = WILD.test(text) ? this.current() : whole.startsWith(plain(text));
    return fits ? whole.replace(/[\\?]/g, "\\$&") : null;
  }

  ghost() {
    const text = this.text(), lead = this.input.value.length - text.length;
    const fits = !WILD.test(text) && this.data.ready && this.data.text.startsWith(plain(text));
    this.find(".held").textContent = this.input.value;
    if (this.asked !== this.question()) this.find(".doubted").textContent = this.asked = "";
    this.find(".rest").textContent = fits && !(lead && !text) ? this.data.text.slice(plain(text).length) : "";
    this.find(".reading").classList.toggle("old", !this.current() && !fits);
    const exact = text && !WILD.test(text) && plain(text) !== this.data.text;
    this.find(".exact").hidden = !exact;
    this.find(".exact").replaceChildren(`Only “${plain(text)}” `, make("kbd", "", "⇧⏎"));
  }

  draw() {
    const { data } = this;
    const frame = this.find(".frame");
    const image = this.find("img");
    if (image.src !== data.picture) image.src = data.picture;
    image.alt = data.alt;
    const paper = this.find(".paper");
    paper.style.setProperty("--aspect", `${data.width} / ${data.height}`);
    paper.style.setProperty("--wide", `${Math.round((160 * data.width) / data.height)}px`);
    this.find(".name").textContent = data.name;
    this.drawReading();
    this.find(".problem").textContent = data.problem;
    this.find(".others").replaceChildren(...data.others.map((other, place) => {
      const button = make("button", "");
      button.type = "button";
      button.title = `Accept “${other.text}”`;
      button.append(make("kbd", "", place + 1), " ", make("b", "", other.text || "(nothing)"), " ", make("small", "", other.sure));
      button.onclick = () => this.act("accept", other.text);
      return button;
    }));
    this.find(".accept").hidden = data.accepted !== null;
    this.find(".accept").disabled = !data.ready || !!data.problem;
    this.find(".undo").hidden = data.accepted === null;
    this.find(".moves").hidden = data.total < 2;
    this.find(".place").textContent = `${data.place} of ${data.total}`;
    this.find(".looks").classList.toggle("bare", !data.letters.length);
    for (const name of [".show-boxes", ".show-columns"]) this.find(name).hidden = !data.letters.length;
    this.ghost();
    this.drawColumns();
    this.light(-1);
    frame.dataset.answers = data.typed; // what the page shows now: tests and measurements look at it
    frame.dataset.word = data.id;
  }

  drawReading() {
    const { data } = this;
    const line = this.find(".reading");
    const shown = data.accepted ?? data.text;
    line.classList.toggle("nothing", !shown);
    const marked = data.accepted === null && data.letters.length === [...data.text].length;
    const letters = [...shown].map((letter, place) => {
      const span = make("span", "letter", letter);
      if (data.accepted === null && data.begun && place < data.begun) span.classList.add("typed");
      else if (marked) span.classList.add(data.letters[place].mark);
      if (marked) span.title = `${letter}: ${data.letters[place].sure}`;
      span.onclick = () => { this.set([...shown].slice(0, place).join("").replace(/[\\?]/g, "\\$&")); this.input.focus(); };
      span.onmouseenter = () => this.light(marked ? place : -1);
      span.onmouseleave = () => this.light(-1);
      return span;
    });
    line.replaceChildren(...(letters.length ? letters : [data.ready ? "nothing that it can read" : "…"]));
    const doubtful = marked ? data.letters.filter((one, place) => one.mark !== "clear" && place >= data.begun) : [];
    if (doubtful.length) {
      line.append(make("span", "sr", ` Doubtful: ${doubtful.map((one) => `${one.text} ${one.sure}`).join(", ")}.`));
    }
    this.find(".sure .words").textContent = data.accepted !== null ? "✓ accepted" : data.sure;
    this.find(".sure .bar").hidden = data.accepted !== null || data.whole || !data.ready;
    this.find(".sure .bar span").style.width = `${Math.round(100 * data.confidence)}%`;
  }

  toggle(what) {
    this[what] = !this[what];
    this.find(`.show-${what}`).setAttribute("aria-pressed", this[what]);
    this.drawColumns();
  }

  // Boxes of the letters, and what each column of the picture says.
  drawColumns() {
    const { letters, frames } = this.data;
    const percent = (share) => `${(100 * share).toFixed(2)}%`;
    const place = (element, [left, right]) => {
      element.style.left = percent(left);
      element.style.width = percent(Math.max(0.004, right - left));
      return element;
    };
    this.find(".ruler").hidden = !this.boxes || !letters.length;
    this.find(".ruler").replaceChildren(...letters.map((letter, index) => {
      const box = place(make("span", letter.mark, letter.text), letter.at);
      box.title = `${letter.text}: ${letter.sure}`;
      box.onmouseenter = () => this.light(index);
      box.onmouseleave = () => this.light(-1);
      box.onclick = () => this.find(".reading").children[index]?.click();
      return box;
    }));
    this.find(".bands").replaceChildren(...letters.map((letter) => place(make("span", ""), letter.at)));
    this.find(".columns").hidden = !this.columns || !frames.length;
    this.find(".columns").replaceChildren(...(this.columns ? frames : []).map((frame, index) => {
      const column = place(make("div", ""), frame.at);
      for (const [text, share] of frame.top.filter(([text, share]) => text && share >= 0.02).slice(0, 4)) {
        const line = make("i", "", text);
        line.style.opacity = (0.25 + 0.75 * share).toFixed(2);
        column.append(line);
      }
      const all = frame.top.map(([text, share]) => `${text || "nothing"} ${Math.round(100 * share)} %`).join(", ");
      column.onmouseenter = column.onclick = () => { this.find(".says").textContent = `Column ${index + 1}: ${all}`; };
      return column;
    }));
    this.heat(-1);
  }

  // The picture's columns, shaded by how probable a letter is there; without one, by how probable any is.
  heat(index) {
    const { letters, frames } = this.data;
    const letter = letters[index]?.text;
    const shares = frames.map((frame) => {
      const of = new Map(frame.top);
      return letter ? of.get(letter) ?? 0 : 1 - (of.get("") ?? 0);
    });
    const shown = this.columns ? frames : [];
    this.find(".heat").replaceChildren(...shown.map((frame, place) => {
      const shade = make("span", "");
      shade.style.left = `${100 * frame.at[0]}%`;
      shade.style.width = `${100 * (frame.at[1] - frame.at[0])}%`;
      shade.style.opacity = (0.45 * shares[place]).toFixed(3);
      return shade;
    }));
  }

  light(index) {
    for (const name of [".bands", ".ruler", ".reading"]) {
      [...this.find(name).children].forEach((child, place) => child.classList.toggle("lit", place === index));
    }
    const letter = this.data.letters[index];
    this.find(".says").textContent = letter ? `“${letter.text}”: ${letter.sure}` : "";
    if (this.columns) this.heat(index);
  }
}

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
