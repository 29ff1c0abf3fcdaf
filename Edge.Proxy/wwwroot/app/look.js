// The appearance: light, dark, or as the system has it. It is set first of all, so that the page does not flash.
import { forever } from '../storage.js';
import { $ } from './dom.js';

const looks = ['', 'light', 'dark'];
const words = { '': 'as the system', light: 'light', dark: 'dark' };

function show(look) {
  if (look) document.documentElement.dataset.theme = look;
  else delete document.documentElement.dataset.theme;
  $('look').title = $('look').ariaLabel = `Appearance: ${words[look]}. Change it`;
}

let look = forever.get('look') ?? '';
if (!looks.includes(look)) look = '';
show(look);
$('look').addEventListener('click', () => {
  look = looks[(looks.indexOf(look) + 1) % looks.length];
  forever.set('look', look);
  show(look);
});
