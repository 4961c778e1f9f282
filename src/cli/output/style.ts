// Colours, where a person is looking: on a terminal, and not with NO_COLOR (no-color.org).
import { styleText } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

const coloured = () => process.stdout.isTTY === true && !process.env['NO_COLOR'];

export const style = (style: Style, text: string): string => (coloured() ? styleText(style, text) : text);
