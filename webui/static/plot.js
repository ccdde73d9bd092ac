// The points of the map, in a document of their own: regl compiles its drawing commands, which the
// page's policy forbids, so this document may, and in turn is sent nothing but numbers and colours.
import { drawFlat } from "./plot-flat.js";
import createScatterplot from "./vendor/regl-scatterplot.js";

const canvas = document.getElementById("points");
const tell = (message) => parent.postMessage(message, location.origin);

// Fit the points into the window without stretching either axis; its height reaches from -1 to 1.
function fitted(x, y) {
  let [minX, maxX, minY, maxY] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < x.length; i += 1) {
    minX = Math.min(minX, x[i]);
    maxX = Math.max(maxX, x[i]);
    minY = Math.min(minY, y[i]);
    maxY = Math.max(maxY, y[i]);
  }
  const { width, height } = sized();
  const half = Math.max(((maxX - minX) * height) / width, maxY - minY, 1e-9) / 2 / 0.92;
  const middleX = (minX + maxX) / 2;
  const middleY = (minY + maxY) / 2;
  return { x: x.map((v) => (v - middleX) / half), y: y.map((v) => (v - middleY) / half) };
}

function hasWebGL() {
  const probe = document.createElement("canvas");
  return Boolean(probe.getContext("webgl2") ?? probe.getContext("webgl"));
}

function sized() {
  const { width, height } = document.body.getBoundingClientRect();
  return { width: Math.max(1, width), height: Math.max(1, height) };
}

function drawWithWebGL() {
  const plot = createScatterplot({ canvas, ...sized(), pointSize: 5, opacityInactiveMax: 0.2, deselectOnDblClick: true });
  let quiet = false; // a selection that came from outside is not told back
  plot.subscribe("pointOver", (index) => {
    const [x, y] = plot.getScreenPosition(index);
    tell({ kind: "hover", index, x, y });
  });
  plot.subscribe("pointOut", () => tell({ kind: "hover", index: null }));
  plot.subscribe("select", ({ points }) => quiet || tell({ kind: "pick", indices: [...points] }));
  plot.subscribe("deselect", () => quiet || tell({ kind: "pick", indices: [] }));
  window.addEventListener("resize", () => plot.set(sized()));
  const silently = (act) => {
    quiet = true;
    act();
    quiet = false;
  };
  return {
    async points({ x, y, groups }) {
      const pointSize = x.length > 100_000 ? 2 : x.length > 5_000 ? 3.5 : 6;
      plot.set({ pointSize, colorBy: "category", opacity: x.length > 20_000 ? 0.4 : 0.8 });
      await plot.draw({ ...fitted(x, y), z: groups }, { zDataType: "categorical" });
    },
    colours({ background, palette, accent, text }) {
      document.body.style.background = background;
      plot.set({
        backgroundColor: background,
        pointColor: palette,
        pointColorActive: palette,
        // As many as there are groups: with one alone, the plot takes the first active colour for all.
        pointColorHover: palette.map(() => text),
        lassoColor: accent,
      });
    },
    mode: ({ lasso }) => plot.set({ mouseMode: lasso ? "lasso" : "panZoom" }),
    pick: ({ indices }) => silently(() => (indices.length ? plot.select(indices) : plot.deselect())),
    whole: () => plot.reset(),
  };
}

const plot = hasWebGL() ? drawWithWebGL() : drawFlat(canvas, { fitted, tell });

window.addEventListener("message", async ({ origin, source, data }) => {
  if (origin !== location.origin || source !== parent || !(data?.kind in plot)) return;
  await plot[data.kind](data);
  if (data.kind !== "points") return;
  canvas.dataset.drawn = data.x.length;
  tell({ kind: "drawn", count: data.x.length });
});
tell({ kind: "ready" });
