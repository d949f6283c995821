"""SHA-256 of every built-in base: of the message that its text gives, in protobuf's own encoding with sorted maps."""

DIGESTS = {
  'centernet_mobilenet_v2_fpn_512': '9968d68592d037c706db46159b9d398a4d4d42d3c019791818507c8ea6a453a2',
  'centernet_mobilenet_v2_fpn_cpu_256': '75d76f23ec977d4a8a9e49e09c83bc35c252a5d87277f45be4c97e958c6eda97',
  'centernet_resnet50_v2_512': 'fa8c7b8cc2ca3ae3ccad3b2c89157ec1203f0ea9201f206aeb5e2dbde12449f6',
  'efficientdet_cpu_192': '6033a3d703d65f73331e7a8a04927d1c4fca186c39944a95ce7f57b77a175394',
  'efficientdet_d0_512': '163754a697c65397a4c41f05c2bc8e0c0bd5809b340b5dcc5c1bf0ef5a00c85e',
  'efficientdet_d1_640': 'dd1753d13e8480f6c70829db37abdad344da2345310258f63690e4b5b08c7f6c',
  'efficientdet_d2_768': 'e1a5d8ab59e8035ed74aa1d7f462bd1bb682b2788cdfe334b6b202af10efa8b7',
  'faster_rcnn_inception_resnet_v2_640': 'a6a05e237204155c68c2a11d5960b3fcec09b79911b709ac7874c08d6bbf47bc',
  'faster_rcnn_resnet101_v1_640': '565b1731af479c72f231707f58cb8ec5485d2c66498349d8e838c1fb660fd481',
  'faster_rcnn_resnet50_v1_640': '0f8ce476c055d2826dbc64c7b0b1a626ff33288298728784acc478b385e345c3',
  'ssd_mobilenet_v2_320': '9905bada455f19e9e703cfcc41b99724937b5b05677c652d8d6132ad41931a2d',
  'ssd_mobilenet_v2_fpnlite_320': 'fd3a389bffeac9be6bcef7b410b8e741d06b3441a298f7e1398794f5a88b9d21',
  'ssd_mobilenet_v2_fpnlite_640': '7f7f8eb93a1192437d15295ad332c5fad5c3a4a75332eba2590c8dc4d29ce014',
  'ssd_mobilenet_v2_fpnlite_cpu_160': 'f71144b3f6ff2df76db07f407ed1bc56f233dab1301156b413d43885fb86977a',
  'ssd_mobilenet_v2_fpnlite_cpu_256': 'd43ed59112ad333ab9fdaf2b04ab32c509c1a00a7aef5b4e9cf974b9fb4f333c',
  'ssd_resnet50_v1_fpn_640': '9962fb2db399b0b3bf1f9d7a9a17bdbc9b51761a7a6d0f60cd70c6f0b189502d',
}
