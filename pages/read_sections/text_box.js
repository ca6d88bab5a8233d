// The text box: every keystroke goes to the model, one request at a time, and the newest response is shown.
// It has no state of record: the word, its reading and whether it is accepted come from Python as `data`.

const SPINNER_MS = 300; // without a response for so long, a sign is shown
const TIMEOUT_MS = 4000; // after which a response is no longer waited for
const CONTRADICTED = 0.02; // a confidence below means that the image contradicts what was typed
const MIN_FINISHED_LETTERS = 4; // typed letters from which on a word may be meant as it stands

export default function (component) {
  const root = component.parentElement;
  const editor = (root.editor ??= new WordEditor(root));
  editor.component = component;
  editor.update(component.data);
}

const WILDCARD = /(^|[^\\])(\\\\)*\?/;
const unescape = (typed) => typed.replace(/^\s+/, "").replace(/\\(.)/g, "$1");
const escape = (text) => text.replace(/[\\?]/g, "\\$&");

class WordEditor {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.input = this.find("input");
    this.number = Date.now(); // of messages: rises over remounts too
    this.pending = 0; // number of the request under way
    this.showLetters = true;
    this.showColumns = false;
    this.input.addEventListener("input", () => this.onInput());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.find(".accept").onclick = () => this.accept();
    this.find(".undo").onclick = () => this.act("undo");
    this.find(".exact").onclick = () => this.act("exact");
    this.find(".back").onclick = () => this.act("back");
    this.find(".next").onclick = () => this.act("next");
    this.find(".show-letters").onclick = () => this.toggle("showLetters", ".show-letters");
    this.find(".show-columns").onclick = () => this.toggle("showColumns", ".show-columns");
    root.addEventListener("keydown", (event) => {
      if (event.target !== this.input && this.acceptAlternative(event, true)) event.preventDefault();
    });
  }

  // New data from Python: another word, or a response about this one.
  update(data) {
    const isFirst = !this.data;
    const isActionDone = this.acting && data.done >= this.actionNumber;
    const isOtherWord = isFirst || isActionDone || this.data.id !== data.id;
    this.data = data;
    if (this.pending && data.number >= this.pending) this.onResponse();
    if (isOtherWord) {
      const early = isActionDone ? this.input.value : ""; // typed while the next word was on its way
      this.acting = this.acceptOnResponse = false;
      this.input.value = early || data.typed;
      if (early && early !== data.typed) this.onInput();
      if (isFirst && document.activeElement === document.body && matchMedia("(pointer: fine)").matches) {
        this.input.focus({ preventScroll: true });
      }
    }
    this.draw();
    if (this.acceptOnResponse && !this.pending && this.isCurrent()) this.accept();
  }

  onInput() {
    this.isDirty = true;
    this.drawCompletion();
    this.request();
  }

  request() {
    if (this.pending || this.acting || !this.isDirty) return;
    this.isDirty = false;
    this.pending = ++this.number;
    const field = this.find(".field");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      field.classList.add("waiting");
      this.timer = setTimeout(() => this.onResponse(), TIMEOUT_MS - SPINNER_MS);
    }, SPINNER_MS);
    this.component.setStateValue("typed", { id: this.data.id, text: this.text(), number: this.pending });
  }

  onResponse() {
    clearTimeout(this.timer);
    this.find(".field").classList.remove("waiting");
    this.pending = 0;
    if (this.isDirty) this.request();
  }

  text() {
    return this.input.value.replace(/^\s+/, "");
  }

  // Whether the data is the response to what is typed.
  isCurrent() {
    return this.data.typed === this.text();
  }

  act(what, text = "") {
    if (this.acting) return;
    this.acting = true;
    const number = (this.actionNumber = ++this.number);
    this.pending = 0;
    setTimeout(() => { if (this.actionNumber === number) this.acting = false; }, TIMEOUT_MS);
    const typed = this.text();
    this.input.value = "";
    this.isDirty = false;
    this.component.setTriggerValue("act", { what, text, typed, id: this.data.id, number });
  }

  accept() {
    if (this.pending || !this.isCurrent()) { // accepted with the response
      this.acceptOnResponse = this.isDirty = true;
      this.request();
      return;
    }
    this.acceptOnResponse = false;
    if (this.data.accepted !== null || !this.data.may_accept) this.move("next");
    else if (this.isContradicted()) this.warn();
    else if (this.data.ready && !this.data.problem) this.act("accept", this.data.text);
  }

  // Whether the model would add letters to a word that looks finished, though the image does not show them.
  isContradicted() {
    const text = this.text(), reading = this.data.text;
    if (!this.data.ready || this.data.problem || !text || WILDCARD.test(text) || unescape(text) === reading) return false;
    if (this.warned === this.warningKey()) return false;
    const isFinished = unescape(text).length >= Math.max(MIN_FINISHED_LETTERS, reading.length / 2);
    return this.data.confidence < CONTRADICTED && isFinished;
  }

  warningKey() {
    return JSON.stringify([this.data.id, this.text(), this.data.text]);
  }

  warn() {
    this.warned = this.warningKey();
    this.find(".warning").textContent =
      `The image does not show “${this.data.text}”. Accept it once more, or take only “${unescape(this.text())}”.`;
  }

  acceptAlternative(event, isOutside) {
    const place = event.code.match(/^(?:Digit|Numpad)([1-5])$/)?.[1];
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    const alternative = this.data.alternatives[place - 1];
    const texts = [this.data.text, ...this.data.alternatives.map((other) => other.text)];
    const mayBeNumber = texts.some((text) => /\d/.test(text));
    if (!alternative || !this.data.may_accept || !(event.altKey || isOutside || (!this.input.value && !mayBeNumber))) return false;
    this.act("accept", alternative.text);
    return true;
  }

  onKey(event) {
    if (event.isComposing) return;
    const done = () => event.preventDefault();
    if (this.acceptAlternative(event, false)) done();
    else if (event.key === "Enter" && event.repeat) done(); // held down: answers no warning
    else if (event.key === "Enter") { done(); event.shiftKey ? this.acceptTyped() : this.accept(); }
    else if (event.key === "Escape") { done(); this.set(""); }
    else if (event.key === "Tab" && !event.shiftKey && this.completion() !== null) { done(); this.set(this.completion()); }
    else if (event.key === "ArrowDown" || (event.altKey && event.key === "ArrowRight")) { done(); this.move("next"); }
    else if (event.key === "ArrowUp" || (event.altKey && event.key === "ArrowLeft")) { done(); this.move("back"); }
    else if (event.key === "z" && (event.ctrlKey || event.metaKey) && !this.input.value) { done(); this.act("undo_last"); }
  }

  move(where) {
    if (this.data.total > 1) this.act(where);
  }

  acceptTyped() {
    if (this.data.may_accept && this.text() && !WILDCARD.test(this.text())) this.act("exact");
  }

  set(text) {
    if (this.input.value === text) return;
    this.input.value = text;
    this.onInput();
  }

  // The whole reading, as it would be typed; null where it is typed already.
  completion() {
    const text = this.text(), reading = this.data.text;
    if (!this.data.ready || !reading || unescape(text) === reading) return null;
    const fits = WILDCARD.test(text) ? this.isCurrent() : reading.startsWith(unescape(text));
    return fits ? escape(reading) : null;
  }

  drawCompletion() {
    const text = this.text(), leadingSpaces = this.input.value.length - text.length;
    const typed = unescape(text), hasWildcard = WILDCARD.test(text), reading = this.data.text;
    const fits = !hasWildcard && this.data.ready && reading.startsWith(typed);
    this.find(".typed-part").textContent = this.input.value;
    if (this.warned !== this.warningKey()) this.find(".warning").textContent = this.warned = "";
    this.find(".completion").textContent = fits && !(leadingSpaces && !text) ? reading.slice(typed.length) : "";
    this.find(".reading").classList.toggle("old", !this.isCurrent() && !fits);
    this.find(".exact").hidden = !(this.data.may_accept && text && !hasWildcard && typed !== reading);
    this.find(".exact").replaceChildren(`Only “${typed}” `, make("kbd", "", "⇧⏎"));
  }

  draw() {
    const { data } = this;
    const image = this.find("img");
    if (image.src !== data.image) image.src = data.image;
    image.alt = data.alt;
    const paper = this.find(".paper");
    paper.style.setProperty("--aspect", `${data.width} / ${data.height}`);
    paper.style.setProperty("--wide", `${Math.round((160 * data.width) / data.height)}px`);
    this.find(".file-name").textContent = data.name;
    this.drawReading();
    this.find(".problem").textContent = data.problem;
    this.find(".alternatives").replaceChildren(...data.alternatives.map((alternative, index) => {
      const button = make("button", "");
      button.type = "button";
      button.title = `Accept “${alternative.text}”`;
      const text = make("b", "", alternative.text || "(nothing)");
      button.append(make("kbd", "", index + 1), " ", text, " ", make("small", "", alternative.sure));
      button.disabled = !data.may_accept;
      button.onclick = () => this.act("accept", alternative.text);
      return button;
    }));
    this.find(".accept").hidden = data.accepted !== null || !data.may_accept;
    this.find(".accept").disabled = !data.ready || !!data.problem;
    this.find(".undo").hidden = data.accepted === null || !data.may_accept;
    this.find(".navigation").hidden = data.total < 2;
    this.find(".position").textContent = `${data.place} of ${data.total}`;
    this.find(".view-tools").classList.toggle("bare", !data.letters.length);
    for (const name of [".show-letters", ".show-columns"]) this.find(name).hidden = !data.letters.length;
    this.drawCompletion();
    this.drawColumns();
    this.highlight(-1);
    const frame = this.find(".frame"); // its attributes are what the page shows now, for tests and measurements
    frame.dataset.typed = data.typed;
    frame.dataset.word = data.id;
  }

  drawReading() {
    const { data } = this;
    const line = this.find(".reading");
    const text = data.accepted ?? data.text;
    line.classList.toggle("nothing", !text);
    const isOpen = data.accepted === null;
    const isMarked = isOpen && data.letters.length === [...data.text].length;
    const letters = [...text].map((letter, index) => {
      const span = make("span", "letter", letter);
      if (isOpen && data.typed_letters && index < data.typed_letters) span.classList.add("typed");
      else if (isMarked) span.classList.add(data.letters[index].mark);
      if (isMarked) span.title = `${letter}: ${data.letters[index].sure}`;
      span.onclick = () => { this.set(escape([...text].slice(0, index).join(""))); this.input.focus(); };
      span.onmouseenter = () => this.highlight(isMarked ? index : -1);
      span.onmouseleave = () => this.highlight(-1);
      return span;
    });
    line.replaceChildren(...(letters.length ? letters : [data.ready ? "nothing that it can read" : "…"]));
    const isUncertain = (letter, index) => letter.mark !== "clear" && index >= data.typed_letters;
    const uncertain = isMarked ? data.letters.filter(isUncertain) : [];
    if (uncertain.length) {
      const list = uncertain.map((letter) => `${letter.text} ${letter.sure}`).join(", ");
      line.append(make("span", "sr", ` Doubtful: ${list}.`));
    }
    this.find(".certainty .words").textContent = isOpen ? data.sure : "✓ accepted";
    this.find(".certainty .bar").hidden = !isOpen || data.is_typed_whole || !data.ready;
    this.find(".certainty .bar span").style.width = `${Math.round(100 * data.confidence)}%`;
  }

  toggle(property, button) {
    this[property] = !this[property];
    this.find(button).setAttribute("aria-pressed", this[property]);
    this.drawColumns();
  }

  // Where each letter is, and the most probable characters of each column of the image.
  drawColumns() {
    const { letters, frames } = this.data;
    const percent = (share) => `${(100 * share).toFixed(2)}%`;
    const place = (element, [left, right]) => {
      element.style.left = percent(left);
      element.style.width = percent(Math.max(0.004, right - left));
      return element;
    };
    this.find(".letter-ruler").hidden = !this.showLetters || !letters.length;
    this.find(".letter-ruler").replaceChildren(...letters.map((letter, index) => {
      const box = place(make("span", letter.mark, letter.text), letter.at);
      box.title = `${letter.text}: ${letter.sure}`;
      box.onmouseenter = () => this.highlight(index);
      box.onmouseleave = () => this.highlight(-1);
      box.onclick = () => this.find(".reading").children[index]?.click();
      return box;
    }));
    this.find(".letter-bands").replaceChildren(...letters.map((letter) => place(make("span", ""), letter.at)));
    this.find(".columns").hidden = !this.showColumns || !frames.length;
    this.find(".columns").replaceChildren(...(this.showColumns ? frames : []).map((frame, index) => {
      const column = place(make("div", ""), frame.at);
      for (const [text, share] of frame.top.filter(([text, share]) => text && share >= 0.02).slice(0, 4)) {
        const line = make("i", "", text);
        line.style.opacity = (0.25 + 0.75 * share).toFixed(2);
        column.append(line);
      }
      const all = frame.top.map(([text, share]) => `${text || "nothing"} ${Math.round(100 * share)} %`).join(", ");
      column.onmouseenter = column.onclick = () => {
        this.find(".hover-info").textContent = `Column ${index + 1}: ${all}`;
      };
      return column;
    }));
    this.drawHeatmap(-1);
  }

  // The image's columns, shaded by how probable a letter is there; without one, by how probable any is.
  drawHeatmap(index) {
    const { letters, frames } = this.data;
    const letter = letters[index]?.text;
    this.find(".heatmap").replaceChildren(...(this.showColumns ? frames : []).map((frame) => {
      const probabilities = new Map(frame.top);
      const probability = letter ? probabilities.get(letter) ?? 0 : 1 - (probabilities.get("") ?? 0);
      const shade = make("span", "");
      shade.style.left = `${100 * frame.at[0]}%`;
      shade.style.width = `${100 * (frame.at[1] - frame.at[0])}%`;
      shade.style.opacity = (0.45 * probability).toFixed(3);
      return shade;
    }));
  }

  highlight(index) {
    for (const name of [".letter-bands", ".letter-ruler", ".reading"]) {
      [...this.find(name).children].forEach((child, place) => child.classList.toggle("lit", place === index));
    }
    const letter = this.data.letters[index];
    this.find(".hover-info").textContent = letter ? `“${letter.text}”: ${letter.sure}` : "";
    if (this.showColumns) this.drawHeatmap(index);
  }
}

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
