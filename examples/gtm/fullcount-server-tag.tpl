___TERMS_OF_SERVICE___

A template that is published in Google Tag Manager's gallery is subject to the gallery's terms for developers:
https://developers.google.com/tag-manager/gallery-tos


___INFO___

{
  "type": "TAG",
  "id": "cvt_temp_public_id",
  "version": 1,
  "securityGroups": [],
  "displayName": "Fullcount",
  "brand": {
    "id": "brand_fullcount",
    "displayName": "Fullcount"
  },
  "description": "Posts the event data to your own Fullcount gateway, which sends it to TikTok's Events API once.",
  "containerContexts": [
    "SERVER"
  ]
}


___TEMPLATE_PARAMETERS___

[
  {
    "type": "TEXT",
    "name": "endpoint",
    "displayName": "Address of the gateway",
    "simpleValueType": true,
    "valueHint": "https://fullcount.shop.example",
    "valueValidators": [
      {
        "type": "NON_EMPTY"
      },
      {
        "type": "REGEX",
        "args": [
          "^https://.*[^/]$"
        ],
        "errorMessage": "It begins with https:// and has no slash at its end."
      }
    ]
  },
  {
    "type": "TEXT",
    "name": "key",
    "displayName": "Key of the source",
    "simpleValueType": true,
    "valueValidators": [
      {
        "type": "NON_EMPTY"
      }
    ]
  },
  {
    "type": "TEXT",
    "name": "eventName",
    "displayName": "Event name, if it shall be another than the event's own",
    "simpleValueType": true
  }
]


___SANDBOXED_JS_FOR_SERVER___

const JSON = require('JSON');
const getAllEventData = require('getAllEventData');
const getCookieValues = require('getCookieValues');
const sendHttpRequest = require('sendHttpRequest');

const event = getAllEventData();
if (data.eventName) {
  event.event_name = data.eventName;
}

// The ad click and the pixel's browser id: cookies of the shop's host, which this container sees and the gateway does not.
const known = event.common_cookie || {};
event.common_cookie = {
  ttclid: known.ttclid || getCookieValues('ttclid')[0],
  _ttp: known._ttp || getCookieValues('_ttp')[0]
};

sendHttpRequest(
  data.endpoint + '/data',
  (status) => {
    if (status >= 200 && status < 300) {
      data.gtmOnSuccess();
    } else {
      data.gtmOnFailure();
    }
  },
  {
    method: 'POST',
    timeout: 5000,
    headers: {
      'Content-Type': 'application/json',
      'Authorization': 'Bearer ' + data.key
    }
  },
  JSON.stringify(event)
);


___SERVER_PERMISSIONS___

[
  {
    "instance": {
      "key": {
        "publicId": "read_event_data",
        "versionId": "1"
      },
      "param": [
        {
          "key": "eventDataAccess",
          "value": {
            "type": 1,
            "string": "any"
          }
        }
      ]
    },
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "isRequired": true
  },
  {
    "instance": {
      "key": {
        "publicId": "get_cookies",
        "versionId": "1"
      },
      "param": [
        {
          "key": "cookieAccess",
          "value": {
            "type": 1,
            "string": "specific"
          }
        },
        {
          "key": "cookieNames",
          "value": {
            "type": 2,
            "listItem": [
              {
                "type": 1,
                "string": "ttclid"
              },
              {
                "type": 1,
                "string": "_ttp"
              }
            ]
          }
        }
      ]
    },
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "isRequired": true
  },
  {
    "instance": {
      "key": {
        "publicId": "send_http",
        "versionId": "1"
      },
      "param": [
        {
          "key": "allowedUrls",
          "value": {
            "type": 1,
            "string": "any"
          }
        }
      ]
    },
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "isRequired": true
  }
]


___TESTS___

scenarios: []


___NOTES___

How to use it: docs/sources/google.md of the Fullcount project.
