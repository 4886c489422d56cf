// Without the fonts that the theme brings along: the reader's own are read well, and weigh nothing.
import theme from 'vitepress/theme-without-fonts';
import './style.css';

export default theme;
