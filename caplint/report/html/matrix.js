"use strict";
for (const button of document.querySelectorAll("#pairs thead button")) button.addEventListener("click", () => {
  const head = button.closest("th"), body = document.querySelector("#pairs tbody:last-of-type");
  const at = head.cellIndex, up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => row.cells[at].dataset.key || row.cells[at].textContent;
  const rows = [...body.rows].sort((one, two) => key(one).localeCompare(key(two), "en", { numeric: true }));
  body.append(...(up ? rows : rows.reverse()));
});
const show = () => { const cell = document.querySelector(".cell:target"); if (cell) { cell.scrollIntoView({ block: "nearest" }); cell.focus(); } };
addEventListener("hashchange", show);
show();
