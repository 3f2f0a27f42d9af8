/** Upstream's tab writer: narrowest column, and the space after the widest cell of one. */
const MINIMUM_WIDTH = 8;
const PADDING = 1;

type Cell = string | number | boolean;

/** Rows under their headings; cells end with a comma, and columns are as wide as their widest cell. */
export function alignedColumns(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const last = headings.length - 1;
  const cells = [headings, ...rows].map((row) => row.map((cell, i) => (i === last ? String(cell) : `${String(cell)},`)));
  const widths = headings.map((_, column) => Math.max(MINIMUM_WIDTH, ...cells.map((row) => (row[column]?.length ?? 0) + PADDING)));
  return cells.map((row) => `${row.map((cell, i) => (i === last ? cell : cell.padEnd(widths[i] ?? 0))).join('')}\n`).join('');
}
