// A drawing pad: strokes of pen, finger or mouse, with pressure where the device tells it. They leave as SVG and PNG.

const PEN = 3.2; // width of a stroke without pressure
const SCALE = 2; // pixels of the PNG for one of the pad
const MARGIN = 14;

export default function (component) {
  const root = component.parentElement;
  const pad = (root.pad ??= new Pad(root));
  pad.component = component;
  pad.taken(component.data);
}

class Pad {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.canvas = this.find("canvas");
    this.strokes = [];
    this.number = Date.now();
    for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.canvas.addEventListener(name, (event) => this[name](event));
    }
    this.find(".read").onclick = () => this.read();
    this.find(".undo").onclick = () => this.change(() => this.strokes.pop());
    this.find(".clear").onclick = () => this.change(() => { this.strokes = []; });
    this.canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.read();
      else if (event.key === "Escape") this.change(() => { this.strokes = []; });
      else if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.change(() => this.strokes.pop());
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // Python has the word: the pad is empty for the next one.
  taken(data) {
    if (this.sent && data.number >= this.sent) {
      this.sent = 0;
      this.change(() => { this.strokes = []; });
    }
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure ? event.pressure : 0.5;
    return [event.clientX - box.left, event.clientY - box.top, pressure, Math.round(event.timeStamp)];
  }

  pointerdown(event) {
    if (this.drawing || event.button > 0) return; // the palm that rests beside the pen
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = event.pointerId;
    this.strokes.push([this.point(event)]);
    this.draw();
  }

  pointermove(event) {
    if (event.pointerId !== this.drawing) return;
    const some = event.getCoalescedEvents?.() ?? [];
    for (const one of some.length ? some : [event]) this.strokes.at(-1).push(this.point(one));
    this.draw();
  }

  pointerup(event) {
    if (event.pointerId !== this.drawing) return;
    this.drawing = undefined;
    this.change(() => {});
  }

  pointercancel(event) {
    this.pointerup(event);
  }

  change(what) {
    what();
    const none = !this.strokes.length;
    for (const name of [".read", ".undo", ".clear"]) this.find(name).disabled = none;
    const save = this.find(".save");
    save.hidden = none;
    if (!none) save.href = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.svg())}`;
    this.draw();
  }

  draw() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const dense = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * dense)) {
      this.canvas.width = Math.round(width * dense);
      this.canvas.height = Math.round(height * dense);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.ink(pen);
  }

  ink(pen) {
    pen.strokeStyle = pen.fillStyle = "#111";
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes) {
      if (stroke.length === 1) {
        pen.beginPath();
        pen.arc(stroke[0][0], stroke[0][1], wide(stroke[0]) / 2, 0, 7);
        pen.fill();
      }
      for (let place = 1; place < stroke.length; place++) {
        pen.lineWidth = wide(stroke[place]);
        pen.beginPath();
        pen.moveTo(stroke[place - 1][0], stroke[place - 1][1]);
        pen.lineTo(stroke[place][0], stroke[place][1]);
        pen.stroke();
      }
    }
  }

  bounds() {
    const points = this.strokes.flat();
    const xs = points.map((point) => point[0]), ys = points.map((point) => point[1]);
    const left = Math.min(...xs) - MARGIN, top = Math.min(...ys) - MARGIN;
    return [left, top, Math.max(...xs) + MARGIN - left, Math.max(...ys) + MARGIN - top];
  }

  svg() {
    const [left, top, width, height] = this.bounds().map((value) => value.toFixed(1));
    const paths = this.strokes.map((stroke) => {
      const points = stroke.length === 1 ? [stroke[0], stroke[0]] : stroke;
      const middle = points.reduce((sum, point) => sum + wide(point), 0) / points.length;
      const line = points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      const times = points.map((point) => point[3] - this.strokes[0][0][3]).join(" ");
      return `<path d="${line}" stroke-width="${middle.toFixed(2)}" data-ms="${times}"/>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" `
      + `height="${height}" fill="none" stroke="#111" stroke-linecap="round" stroke-linejoin="round">\n${paths.join("\n")}\n</svg>\n`;
  }

  png() {
    const [left, top, width, height] = this.bounds();
    const sheet = document.createElement("canvas");
    const scale = Math.min(SCALE, 1600 / Math.max(width, height));
    sheet.width = Math.ceil(width * scale);
    sheet.height = Math.ceil(height * scale);
    const pen = sheet.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    this.ink(pen);
    return sheet.toDataURL("image/png");
  }

  read() {
    if (!this.strokes.length || this.sent) return;
    this.sent = ++this.number;
    this.component.setTriggerValue("drawn", { number: this.sent, png: this.png(), svg: this.svg() });
  }
}

function wide([, , pressure]) {
  return PEN * (0.5 + pressure);
}
