module.exports = { displayName: 'apimachinery', preset: '../../jest.preset.cjs' };
