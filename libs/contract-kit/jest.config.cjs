module.exports = { displayName: 'contract-kit', preset: '../../jest.preset.cjs' };
