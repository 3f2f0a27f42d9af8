import { imageSizeBucket } from './image-size-bucket';

describe('the size of an image, as metrics tell it', () => {
  it.each([[0, 'N/A'], [1, '0-10MB'], [10 * 2 ** 20 - 1, '0-10MB'], [10 * 2 ** 20, '10MB-100MB'], [2 ** 30, '1GB-5GB'], [100 * 2 ** 30, 'GT100GB']])('is for %d bytes %s', (bytes, name) => expect(imageSizeBucket(bytes)).toBe(name));
});
