// The same points on a plain canvas, for a browser without WebGL. No zoom; dragging is the lasso.

const inside = (polygon, x, y) => {
  let within = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
  }
  return within;
};

export function drawFlat(canvas, { fitted, tell }) {
  const pen = canvas.getContext("2d");
  let points = { x: [], y: [], groups: [] };
  let look = { palette: ["#888"], accent: "#888", text: "#000" };
  let picked = new Set();
  let lasso = null;

  const place = (i) => {
    const { clientWidth: width, clientHeight: height } = canvas;
    const half = height / 2;
    return [width / 2 + points.x[i] * half, height / 2 - points.y[i] * half];
  };

  function paint() {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * ratio;
    canvas.height = canvas.clientHeight * ratio;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const size = points.x.length > 20_000 ? 2 : 5;
    for (let i = 0; i < points.x.length; i += 1) {
      const [x, y] = place(i);
      pen.globalAlpha = picked.size && !picked.has(i) ? 0.25 : 0.8;
      pen.fillStyle = look.palette[points.groups[i]] ?? look.palette[0];
      pen.fillRect(x - size / 2, y - size / 2, size, size);
    }
    pen.globalAlpha = 1;
    if (!lasso) return;
    pen.strokeStyle = look.accent;
    pen.beginPath();
    lasso.forEach(([x, y], step) => (step ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }

  function nearest(x, y) {
    let best = null;
    let least = 100; // squared pixels
    for (let i = 0; i < points.x.length; i += 1) {
      const [px, py] = place(i);
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  canvas.addEventListener("pointerdown", (event) => {
    lasso = [[event.offsetX, event.offsetY]];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (lasso) {
      lasso.push([event.offsetX, event.offsetY]);
      paint();
      return;
    }
    const index = nearest(event.offsetX, event.offsetY);
    const [x, y] = index === null ? [0, 0] : place(index);
    tell({ kind: "hover", index, x, y });
  });
  canvas.addEventListener("pointerup", (event) => {
    const polygon = lasso ?? [];
    lasso = null;
    const one = nearest(event.offsetX, event.offsetY);
    const indices =
      polygon.length > 5
        ? points.x.map((_, i) => i).filter((i) => inside(polygon, ...place(i)))
        : [one].filter((i) => i !== null);
    picked = new Set(indices);
    paint();
    tell({ kind: "pick", indices });
  });
  canvas.addEventListener("pointerleave", () => tell({ kind: "hover", index: null }));
  window.addEventListener("resize", paint);

  return {
    points({ x, y, groups }) {
      points = { ...fitted(x, y), groups };
      paint();
    },
    colours(colours) {
      look = colours;
      document.body.style.background = look.background;
      paint();
    },
    mode() {},
    pick({ indices }) {
      picked = new Set(indices);
      paint();
    },
    whole: paint,
  };
}
