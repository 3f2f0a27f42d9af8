import fc from 'fast-check';
import {
  addQuantities, compareQuantities, formatQuantity, parseQuantity, quantityMilliValue, quantityOf, quantityToMillis, quantityValue,
  roundUpQuantity, subtractQuantities, type QuantityFormat,
} from '.';

const canonical = (text: number | string): string => formatQuantity(parseQuantity(text));

describe('quantities', () => {
  it.each([
    ['0', '0'], ['0Ki', '0'], ['1000m', '1'], ['0.5', '500m'], ['1.5Gi', '1536Mi'], ['1024Ki', '1Mi'], ['1000', '1k'], ['1024', '1024'],
    ['100000000', '100M'], ['1e3', '1e3'], ['1E3', '1e3'], ['12e-3', '12e-3'], ['1E', '1E'], ['0.1Ki', '102400m'], ['1023Ki', '1023Ki'],
    ['0.5Ki', '512'], ['0.0000000001', '1n'], ['-0.5', '-500m'], ['+1', '1'], ['1.', '1'], ['.5', '500m'], ['00010', '10'], ['1n', '1n'],
    ['10u', '10u'], ['9223372036854775807', '9223372036854775807'], ['9223372036854775808', '9223372036854775807'], ['1e-20', '1e-9'],
    ['128974848', '128974848'], ['129e6', '129e6'], ['128974848000m', '128974848'], ['123Mi', '123Mi'], ['1025', '1025'], ['0.5m', '500u'], ['1e1000', '9223372036854775807'],
  ])('writes %s as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it('reads the JSON numbers that stand for quantities', () => {
    expect(canonical(2)).toBe('2');
    expect(canonical(0.1)).toBe('100m');
    expect(canonical(1e21)).toBe('1e21');
  });

  it.each([
    ['', /must match the regular expression/], ['1.2.3', /must match/], ['a', /must match/], ['1 Gi', /must match/], ['Ki', /unable to parse numeric part/],
    ['.', /unable to parse numeric part/], ['1ki', /unable to parse quantity's suffix/], ['1KiB', /must match/], ['1e', /suffix/], ['--1', /suffix/],
  ])('refuses %s', (text, message) => {
    expect(() => parseQuantity(text)).toThrow(message);
  });

  it('rounds away from zero when asked for whole numbers', () => {
    expect(quantityValue(parseQuantity('1001m'))).toBe(2n);
    expect(quantityValue(parseQuantity('-1001m'))).toBe(-2n);
    expect(quantityMilliValue(parseQuantity('1u'))).toBe(1n);
    expect(quantityToMillis(parseQuantity('1.5'))).toBe(1500);
    expect(formatQuantity(roundUpQuantity(parseQuantity('1u'), -3))).toBe('1m');
  });

  it('takes on the format of the other operand when it is zero', () => {
    expect(formatQuantity(addQuantities(parseQuantity('0'), parseQuantity('1Gi')))).toBe('1Gi');
    expect(formatQuantity(subtractQuantities(parseQuantity('1Gi'), parseQuantity('1')))).toBe('1073741823');
  });

  const amount = fc.record({ nanos: fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }), format: fc.constantFrom<QuantityFormat>('DecimalSI', 'BinarySI', 'DecimalExponent') });
  // Within 18 digits of nanos nothing is capped.
  const small = fc.record({ nanos: fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n }), format: fc.constantFrom<QuantityFormat>('DecimalSI', 'BinarySI', 'DecimalExponent') });

  it('keep their amount through text, and the text is a fixed point', () => {
    fc.assert(fc.property(small, (quantity) => {
      const text = formatQuantity(quantity);
      const back = parseQuantity(text);
      expect(back.nanos).toBe(quantity.nanos);
      expect(formatQuantity(back)).toBe(text);
    }));
  });

  it('add, subtract and compare exactly', () => {
    fc.assert(fc.property(amount, amount, (a, b) => {
      expect(subtractQuantities(addQuantities(a, b), b).nanos).toBe(a.nanos);
      expect(Math.sign(compareQuantities(a, b))).toBe(-Math.sign(compareQuantities(b, a)) + 0);
      expect(compareQuantities(quantityOf(1), quantityOf(1, 'BinarySI'))).toBe(0);
    }));
  });
});
