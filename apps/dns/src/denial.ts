/** "No such name", or no record of that type: from the header of a message. */
export const isDenial = (answer: Buffer): boolean => (answer.readUInt16BE(2) & 0xf) !== 0 || answer.readUInt16BE(6) === 0;
