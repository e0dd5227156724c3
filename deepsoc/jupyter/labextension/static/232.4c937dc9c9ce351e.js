"use strict";(self.rspackChunkdeepsoc_lab=self.rspackChunkdeepsoc_lab||[]).push([[232],{475(o,e,r){var t=r(601),n=r.n(t),a=r(314),s=(r.n(a))()(n());s.push([o.id,`.dsoc-panel {
  overflow-y: auto;
  padding: 8px 12px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
}

.dsoc-panel [hidden] {
  display: none;
}

.dsoc-panel h2 {
  margin: 8px 0;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.dsoc-panel ul {
  margin: 0 0 12px;
  padding: 0;
  list-style: none;
}

.dsoc-panel li {
  margin: 0 0 6px;
}

.dsoc-panel .dsoc-line {
  display: flex;
  align-items: center;
  justify-content: space-between;
  gap: 8px;
}

.dsoc-panel .dsoc-name {
  overflow: hidden;
  font-weight: 500;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.dsoc-panel .dsoc-detail {
  margin: 2px 0 4px;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.dsoc-panel .dsoc-fault {
  margin: 4px 0;
  padding: 6px 8px;
  border-left: 3px solid var(--jp-error-color1);
  background: var(--jp-layout-color2);
}

.dsoc-panel .dsoc-button {
  padding: 2px 10px;
  border: 1px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font: inherit;
  font-size: var(--jp-ui-font-size0);
  cursor: pointer;
}

.dsoc-panel .dsoc-button:hover {
  background: var(--jp-layout-color2);
}

.dsoc-panel .dsoc-button:focus-visible,
.dsoc-panel .dsoc-log:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

.dsoc-panel .dsoc-button.dsoc-warn {
  border-color: var(--jp-error-color1);
  color: var(--jp-error-color1);
  font-weight: 600;
}

.dsoc-panel .dsoc-design {
  display: flex;
  width: 100%;
  flex-direction: column;
  align-items: flex-start;
  padding: 6px 8px;
  font-size: var(--jp-ui-font-size1);
  text-align: left;
}

.dsoc-panel .dsoc-design .dsoc-name {
  max-width: 100%;
}

.dsoc-panel .dsoc-job {
  padding: 8px;
  border: 1px solid var(--jp-border-color2);
  border-left: 3px solid var(--jp-border-color1);
  border-radius: var(--jp-border-radius);
}

.dsoc-panel .dsoc-job[data-status='running'] {
  border-left-color: var(--jp-brand-color1);
}

.dsoc-panel .dsoc-job[data-status='done'] {
  border-left-color: var(--jp-success-color1);
}

.dsoc-panel .dsoc-job[data-status='failed'],
.dsoc-panel .dsoc-job[data-status='lost'] {
  border-left-color: var(--jp-error-color1);
}

.dsoc-panel .dsoc-status {
  flex: none;
  font-size: var(--jp-ui-font-size0);
}

.dsoc-panel progress {
  width: 100%;
  height: 6px;
  margin: 6px 0 2px;
  accent-color: var(--jp-brand-color1);
}

.dsoc-panel .dsoc-log {
  max-height: 240px;
  margin: 6px 0 0;
  padding: 6px;
  overflow: auto;
  background: var(--jp-layout-color2);
  color: var(--jp-content-font-color1);
  font-family: var(--jp-code-font-family);
  font-size: 11px;
  line-height: 1.4;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}

/* The name of a new design while it cannot be one: JupyterLab's pink would hide the dark theme's white text. */
.jp-Dialog input[pattern^='[A-Za-z_]']:invalid {
  border-color: var(--jp-error-color1);
  background: var(--jp-input-background, var(--jp-layout-color1));
  color: var(--jp-content-font-color0);
}
`,""]),r.d(e,{},{A:s})},314(o){o.exports=function(o){var e=[];return e.toString=function(){return this.map(function(e){var r="",t=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),t&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=o(e),t&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(o,r,t,n,a){"string"==typeof o&&(o=[[null,o,void 0]]);var s={};if(t)for(var c=0;c<this.length;c++){var i=this[c][0];null!=i&&(s[i]=!0)}for(var l=0;l<o.length;l++){var p=[].concat(o[l]);t&&s[p[0]]||(void 0!==a&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=a),r&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=r),n&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=n):p[4]="".concat(n)),e.push(p))}},e}},601(o){o.exports=function(o){return o[1]}},72(o){var e=[];function r(o){for(var r=-1,t=0;t<e.length;t++)if(e[t].identifier===o){r=t;break}return r}function t(o,t){for(var n={},a=[],s=0;s<o.length;s++){var c=o[s],i=t.base?c[0]+t.base:c[0],l=n[i]||0,p="".concat(i," ").concat(l);n[i]=l+1;var d=r(p),u={css:c[1],media:c[2],sourceMap:c[3],supports:c[4],layer:c[5]};if(-1!==d)e[d].references++,e[d].updater(u);else{var f=function(o,e){var r=e.domAPI(e);return r.update(o),function(e){e?(e.css!==o.css||e.media!==o.media||e.sourceMap!==o.sourceMap||e.supports!==o.supports||e.layer!==o.layer)&&r.update(o=e):r.remove()}}(u,t);t.byIndex=s,e.splice(s,0,{identifier:p,updater:f,references:1})}a.push(p)}return a}o.exports=function(o,n){var a=t(o=o||[],n=n||{});return function(o){o=o||[];for(var s=0;s<a.length;s++){var c=r(a[s]);e[c].references--}for(var i=t(o,n),l=0;l<a.length;l++){var p=r(a[l]);0===e[p].references&&(e[p].updater(),e.splice(p,1))}a=i}}},659(o){var e={};o.exports=function(o,r){var t=function(o){if(void 0===e[o]){var r=document.querySelector(o);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(o){r=null}e[o]=r}return e[o]}(o);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(r)}},540(o){o.exports=function(o){var e=document.createElement("style");return o.setAttributes(e,o.attributes),o.insert(e,o.options),e}},56(o,e,r){o.exports=function(o){var e=r.nc;e&&o.setAttribute("nonce",e)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=o.insertStyleElement(o);return{update:function(r){var t,n,a;t="",r.supports&&(t+="@supports (".concat(r.supports,") {")),r.media&&(t+="@media ".concat(r.media," {")),(n=void 0!==r.layer)&&(t+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),t+=r.css,n&&(t+="}"),r.media&&(t+="}"),r.supports&&(t+="}"),(a=r.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),o.styleTagTransform(t,e,o.options)},remove:function(){var o;null===(o=e).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,e){if(e.styleSheet)e.styleSheet.cssText=o;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(o))}}},579(o,e,r){var t=r(72),n=r.n(t),a=r(825),s=r.n(a),c=r(659),i=r.n(c),l=r(56),p=r.n(l),d=r(540),u=r.n(d),f=r(113),v=r.n(f),h=r(475),b={};b.styleTagTransform=v(),b.setAttributes=p(),b.insert=i().bind(null,"head"),b.domAPI=s(),b.insertStyleElement=u(),n()(h.A,b),h.A&&h.A.locals&&h.A.locals}}]);