module.exports = { displayName: 'navarch', preset: '../../jest.preset.cjs' };
