const charts = ["log-chart", "lin-chart"].map(id => document.getElementById(id));
const buttons = ["log", "lin"].map(id => document.getElementById(id));
const tip = document.getElementById("tip"), frame = document.getElementById("chart");
let shown = 0, near = null;
function show(which) {
  shown = which;
  charts.forEach((chart, i) => chart.style.display = i === which ? "" : "none");
  buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === which));
  hide();
}
function hide() {
  near = null; tip.style.display = "none";
  document.querySelectorAll(".ring").forEach(ring => ring.style.visibility = "hidden");
  document.querySelectorAll("tr.on").forEach(row => row.classList.remove("on"));
}
function point(at) {
  if (near === at) return;
  hide(); near = at;
  const svg = charts[shown].querySelector("svg"), ring = svg.querySelector(".ring"), box = svg.getBoundingClientRect();
  const [x, y] = at.at[shown], scale = box.width / svg.viewBox.baseVal.width;
  ring.setAttribute("cx", x); ring.setAttribute("cy", y); ring.style.visibility = "visible";
  document.getElementById(at.id).classList.add("on");
  tip.textContent = at.text; tip.style.display = "block";
  const left = x * scale + 14, fits = left + tip.offsetWidth < frame.clientWidth;
  tip.style.left = (fits ? left : Math.max(0, x * scale - tip.offsetWidth - 14)) + "px";
  tip.style.top = Math.max(0, y * scale - tip.offsetHeight - 10) + "px";
}
charts.forEach(chart => chart.addEventListener("mousemove", event => {
  const svg = chart.querySelector("svg"), box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
  const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
  let best = null, least = 60;
  for (const at of data.points) {
    const far = Math.hypot(at.at[shown][0] - x, at.at[shown][1] - y);
    if (far < least) [best, least] = [at, far];
  }
  if (best) point(best); else hide();
}));
frame.addEventListener("mouseleave", hide);
frame.addEventListener("click", () => {
  if (!near) return;
  const option = `--point ${data.file}#${near.id}`;
  const copied = () => tip.textContent = near.text + `\ncopied: ${option}`;
  navigator.clipboard ? navigator.clipboard.writeText(option).then(copied, () => tip.textContent = near.text + `\n${option}`) : tip.textContent = near.text + `\n${option}`;
});
data.points.forEach(at => document.getElementById(at.id).addEventListener("mouseenter", () => point(at)));
buttons.forEach((button, i) => button.addEventListener("click", () => show(i)));
