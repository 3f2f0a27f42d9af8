module.exports = { displayName: 'dns', preset: '../../jest.preset.cjs' };
