// A drawing pad: strokes of pen, finger or mouse, with pressure where the device reports it; sent as SVG and PNG.

const STROKE_WIDTH = 3.2; // without pressure
const PNG_SCALE = 2; // pixels of the PNG for one of the pad
const MAX_PNG_SIDE = 1600;
const MARGIN = 14;

export default function (component) {
  const root = component.parentElement;
  const pad = (root.pad ??= new Pad(root));
  pad.component = component;
  pad.update(component.data);
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
    this.find(".read").onclick = () => this.send();
    this.find(".undo").onclick = () => this.change(() => this.strokes.pop());
    this.find(".clear").onclick = () => this.change(() => { this.strokes = []; });
    this.canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.send();
      else if (event.key === "Escape") this.change(() => { this.strokes = []; });
      else if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.change(() => this.strokes.pop());
      else return;
      event.preventDefault();
    });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // Python has received the drawing: the pad is empty for the next one.
  update(data) {
    if (this.sent && data.number >= this.sent) {
      this.sent = 0;
      this.change(() => { this.strokes = []; });
    }
  }

  point(event) {
    const area = this.canvas.getBoundingClientRect();
    const pressure = event.pointerType === "pen" && event.pressure ? event.pressure : 0.5;
    return [event.clientX - area.left, event.clientY - area.top, pressure, Math.round(event.timeStamp)];
  }

  pointerdown(event) {
    if (this.drawing || event.button > 0) return; // the palm that rests next to the pen
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = event.pointerId;
    this.strokes.push([this.point(event)]);
    this.draw();
  }

  pointermove(event) {
    if (event.pointerId !== this.drawing) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const part of coalesced.length ? coalesced : [event]) this.strokes.at(-1).push(this.point(part));
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

  change(edit) {
    edit();
    const isEmpty = !this.strokes.length;
    for (const name of [".read", ".undo", ".clear"]) this.find(name).disabled = isEmpty;
    const save = this.find(".save");
    save.hidden = isEmpty;
    if (!isEmpty) save.href = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.svg())}`;
    this.draw();
  }

  draw() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.drawStrokes(pen);
  }

  drawStrokes(pen) {
    pen.strokeStyle = pen.fillStyle = "#111";
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes) {
      if (stroke.length === 1) {
        pen.beginPath();
        pen.arc(stroke[0][0], stroke[0][1], strokeWidth(stroke[0]) / 2, 0, 7);
        pen.fill();
      }
      for (let place = 1; place < stroke.length; place++) {
        pen.lineWidth = strokeWidth(stroke[place]);
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
      const middle = points.reduce((sum, point) => sum + strokeWidth(point), 0) / points.length;
      const line = points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      const times = points.map((point) => point[3] - this.strokes[0][0][3]).join(" ");
      return `<path d="${line}" stroke-width="${middle.toFixed(2)}" data-ms="${times}"/>`;
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" `
      + `height="${height}" fill="none" stroke="#111" stroke-linecap="round" stroke-linejoin="round">\n${paths.join("\n")}\n</svg>\n`;
  }

  png() {
    const [left, top, width, height] = this.bounds();
    const canvas = document.createElement("canvas");
    const scale = Math.min(PNG_SCALE, MAX_PNG_SIDE / Math.max(width, height));
    canvas.width = Math.ceil(width * scale);
    canvas.height = Math.ceil(height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(scale, 0, 0, scale, -left * scale, -top * scale);
    this.drawStrokes(pen);
    return canvas.toDataURL("image/png");
  }

  send() {
    if (!this.strokes.length || this.sent) return;
    this.sent = ++this.number;
    this.component.setTriggerValue("drawn", { number: this.sent, png: this.png(), svg: this.svg() });
  }
}

function strokeWidth([, , pressure]) {
  return STROKE_WIDTH * (0.5 + pressure);
}
