export { type AgeCell, type Cell, renderCell, type TextCell } from './cell';
export { humanDuration } from './human-duration';
export { type ColumnDefinition, defaultPrinter, type Printer, type RowCondition } from './printer';
export { printerFor, scalePrinter } from './printer-for';
