module.exports = { displayName: 'quota', preset: '../../jest.preset.cjs' };
