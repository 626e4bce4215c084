// Keys by their names in `KeyboardEvent.key`, as WebDriver writes them: https://www.w3.org/TR/webdriver2/#keyboard-actions

const CODES = {
  Backspace: '\uE003',
  Tab: '\uE004',
  Enter: '\uE007',
  Shift: '\uE008',
  Escape: '\uE00C',
  Space: ' ',
  PageUp: '\uE00E',
  PageDown: '\uE00F',
  End: '\uE010',
  Home: '\uE011',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
};

/** What is pressed, in order: `Shift+Tab` is two keys. */
function codesOf(chord) {
  return chord.split('+').map((key) => {
    const code = CODES[key] ?? key;
    if (code.length !== 1) throw new Error(`no key: ${key}; write one character, or one of ${Object.keys(CODES).join(', ')}`);
    return code;
  });
}

/** Down in order, and up again in the order turned round. */
export const strokes = (chord) => {
  const codes = codesOf(chord);
  return [...codes.map((value) => ({ type: 'keyDown', value })), ...codes.reverse().map((value) => ({ type: 'keyUp', value }))];
};
