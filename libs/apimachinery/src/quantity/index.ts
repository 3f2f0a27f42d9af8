export { formatQuantity } from './format-quantity';
export { parseQuantity, parseQuantityText, QuantityError } from './parse-quantity';
export {
  addQuantities, compareQuantities, multiplyQuantity, quantityMilliValue, quantityOf, quantityOfMillis, quantityToMillis, quantityToNumber,
  quantityValue, roundUpQuantity, subtractQuantities, zeroQuantity, type Quantity, type QuantityFormat,
} from './quantity';
