import { LabIcon } from '@jupyterlab/ui-components';

import courseSvg from '../style/course.svg';
import studioSvg from '../style/studio.svg';

export const studioIcon = new LabIcon({ name: 'deepsoc:studio', svgstr: studioSvg });
export const courseIcon = new LabIcon({ name: 'deepsoc:course', svgstr: courseSvg });
